"""What outlives a call: the table, the recordings, and the queues between the parts."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.context import Context
from infra.dead_letters import dead_letters
from infra.finding import acknowledge

BY_DAY = "by_day"

# Everything a DynamoDB transaction of the call's record may hold; no table administration.
_READ_AND_WRITE = (
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
)


class Data(Construct):
    """The table ``dialout-<env>``, the recordings bucket and three queues with dead letters.

    Production keeps table and bucket when the stack goes; elsewhere the table goes with it, and a
    bucket that still holds recordings stops the destroy rather than lose them silently.

    Attributes:
        dead_letters: by the name of the queue that they come from.
    """

    def __init__(self, scope: Construct, name: str, context: Context) -> None:
        super().__init__(scope, name)
        self._context = context
        self._lasting = RemovalPolicy.RETAIN if context.production else RemovalPolicy.DESTROY
        self.table = self._table()
        self.recordings = self._recordings()
        self.dead_letters: dict[str, sqs.Queue] = {}
        # A preparation is worthless once the person has answered: a minute of ringing and some.
        self.prepare_queue = self._queue(
            "prepare", visibility=Duration.seconds(30), kept=Duration.minutes(5), tries=3
        )
        # Six times the consumer's 30 s timeout, as Lambda's event source asks. The messages
        # carry their own `not_after`, so the queue's own retention is only a bound.
        self.timed_queue = self._queue(
            "timed", visibility=Duration.minutes(3), kept=Duration.days(1), tries=5
        )
        self.campaign_queue = self._queue(
            "campaign", visibility=Duration.minutes(3), kept=Duration.days(4), tries=5
        )

    def let_use_table(self, role: iam.Role) -> None:
        """Allow items to be read and written, and the day's index to be queried."""
        role.add_to_policy(
            iam.PolicyStatement(
                actions=list(_READ_AND_WRITE),
                resources=[self.table.table_arn, f"{self.table.table_arn}/index/{BY_DAY}"],
            )
        )

    def let_keep_recordings(self, role: iam.Role) -> None:
        """Allow recordings to be copied in, looked up and read (a presigned address reads too)."""
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["s3:GetObject", "s3:PutObject"],
                resources=[self.recordings.arn_for_objects("*")],
            )
        )
        bucket = Stack.of(self).resolve(self.recordings.bucket_arn)["Fn::GetAtt"][0]
        acknowledge(
            role,
            f"AwsSolutions-IAM5[Resource::<{bucket}.Arn>/*]",
            "Any recording, in the bucket that holds nothing else.",
        )
        # Without it a missing recording is answered 403 instead of 404.
        role.add_to_policy(
            iam.PolicyStatement(actions=["s3:ListBucket"], resources=[self.recordings.bucket_arn])
        )

    def _table(self) -> dynamodb.Table:
        key = dynamodb.AttributeType.STRING
        production = self._context.production
        table = dynamodb.Table(
            self,
            "Table",
            table_name=self._context.name,
            partition_key=dynamodb.Attribute(name="pk", type=key),
            sort_key=dynamodb.Attribute(name="sk", type=key),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            time_to_live_attribute="expires_at",
            # Read by the announcer, which tells a change from what was and what is.
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=production
            ),
            deletion_protection=production,
            removal_policy=self._lasting,
        )
        table.add_global_secondary_index(
            index_name=BY_DAY,
            partition_key=dynamodb.Attribute(name="day", type=key),
            sort_key=dynamodb.Attribute(name="call_id", type=key),
            projection_type=dynamodb.ProjectionType.ALL,
        )
        if not production:
            acknowledge(
                table,
                "AwsSolutions-DDB3",
                "Point-in-time recovery is for production; elsewhere the data is for trying.",
            )
        return table

    def _recordings(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Recordings",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            cors=_for_browsers(self._context.console_origins),
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(self._context.recordings_days),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
            removal_policy=self._lasting,
        )
        acknowledge(
            bucket,
            "AwsSolutions-S1",
            "Recordings are read through short-lived addresses that GET /calls hands out "
            "and logs; a second bucket of access logs would keep what the lifecycle deletes.",
        )
        return bucket

    def _queue(self, name: str, *, visibility: Duration, kept: Duration, tries: int) -> sqs.Queue:
        self.dead_letters[name] = dead_letters(self, self._context, name)
        return sqs.Queue(
            self,
            f"{name.capitalize()}Queue",
            queue_name=f"{self._context.name}-{name}",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            visibility_timeout=visibility,
            retention_period=kept,
            receive_message_wait_time=Duration.seconds(20),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters[name], max_receive_count=tries
            ),
        )


def _for_browsers(origins: list[str]) -> list[s3.CorsRule] | None:
    """Pages from there may fetch what they have a short-lived address of."""
    if not origins:
        return None
    rule = s3.CorsRule(allowed_methods=[s3.HttpMethods.GET], allowed_origins=origins, max_age=3600)
    return [rule]
