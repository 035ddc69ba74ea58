"""What happens at a time: calls that are scheduled, and the sweep of every minute."""

from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.context import Context
from infra.data import Data
from infra.dead_letters import dead_letters
from infra.finding import acknowledge
from infra.product_code import ProductCode
from infra.product_function import ProductFunction
from infra.secrets import let_read_secrets

_SCHEDULER = "scheduler.amazonaws.com"
_DELETE = "scheduler:DeleteSchedule"
# As often as a message of the timed queue.
ATTEMPTS = 5


class Timing(Construct):
    """The group that timed calls are scheduled in, and the sweeper's rule.

    Attributes:
        group: the schedules of this environment, ``dialout-<env>``; they go with it.
        role: what a schedule acts as. It may put a message on the timed queue, or among the dead
            letters, and nothing else.
        schedule_dead_letters: the firings that did not reach the timed queue. The dialer takes
            them from here; what it fails at goes where it goes from the timed queue.
        sweeper: settles calls whose end nobody reported.
    """

    def __init__(self, scope: Construct, name: str, context: Context, *, data: Data) -> None:
        super().__init__(scope, name)
        self._context = context
        self._data = data
        self.group = scheduler.ScheduleGroup(
            self,
            "Group",
            schedule_group_name=context.name,
            # Never kept: its schedules would go on firing at a queue that is gone.
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.schedule_dead_letters = dead_letters(
            self, context, "schedule",
            reread=sqs.DeadLetterQueue(
                queue=data.dead_letters["timed"], max_receive_count=ATTEMPTS
            ),
        )  # fmt: skip
        self.role = self._role(data)

    @property
    def settings(self) -> Mapping[str, str]:
        """What whoever makes schedules has to know, by the settings' names."""
        return {
            "DIALOUT_TIMED_QUEUE_ARN": self._data.timed_queue.queue_arn,
            "DIALOUT_SCHEDULE_GROUP": self._context.name,
            "DIALOUT_SCHEDULE_ROLE_ARN": self.role.role_arn,
            "DIALOUT_SCHEDULE_DEAD_LETTERS_ARN": self.schedule_dead_letters.queue_arn,
        }

    def let_schedule(self, role: iam.Role) -> None:
        """Allow schedules of this environment to be made, changed and ended."""
        self._let(role, "scheduler:CreateSchedule", "scheduler:UpdateSchedule", _DELETE)
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[self.role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": _SCHEDULER}},
            )
        )

    def let_end_schedules(self, role: iam.Role) -> None:
        """Allow schedules of this environment to be ended, and nothing else."""
        self._let(role, _DELETE)

    def _let(self, role: iam.Role, *actions: str) -> None:
        schedules = Stack.of(self).format_arn(
            service="scheduler", resource="schedule", resource_name=f"{self._context.name}/*"
        )
        role.add_to_policy(iam.PolicyStatement(actions=[*actions], resources=[schedules]))
        acknowledge(
            role,
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:scheduler:<AWS::Region>:"
            f"<AWS::AccountId>:schedule/{self._context.name}/*]",
            "Any schedule, in the group of this environment.",
        )

    def sweep(self, product: ProductCode) -> None:
        """Have the sweeper run every minute."""
        self.sweeper = self._sweeper(self._data, product)

    def _role(self, data: Data) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            role_name=f"{self._context.name}-schedules-{Stack.of(self).region}",
            assumed_by=iam.ServicePrincipal(
                _SCHEDULER,
                # Nobody else's schedule may borrow it.
                conditions={
                    "StringEquals": {
                        "aws:SourceAccount": Stack.of(self).account,
                        "aws:SourceArn": self.group.schedule_group_arn,
                    }
                },
            ),
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["sqs:SendMessage"],
                resources=[data.timed_queue.queue_arn, self.schedule_dead_letters.queue_arn],
            )
        )
        return role

    def _sweeper(self, data: Data, product: ProductCode) -> ProductFunction:
        sweeper = ProductFunction(
            self, "sweeper", self._context, product=product,
            # As long as until the next sweep; what it did not get to, that one does.
            timeout=Duration.seconds(55), description="Settles calls whose end nobody reported.",
        )  # fmt: skip
        data.let_use_table(sweeper.role)
        let_read_secrets(sweeper.role, self._context)
        # The next minute is the retry.
        sweeper.function.configure_async_invoke(
            retry_attempts=0, max_event_age=Duration.seconds(60)
        )
        events.Rule(
            self,
            "EveryMinute",
            rule_name=f"{self._context.name}-sweep",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            targets=[
                targets.LambdaFunction(
                    sweeper.function, retry_attempts=0, max_event_age=Duration.seconds(60)
                )
            ],
        )
        return sweeper
