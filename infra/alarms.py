"""What somebody must be told of, and who."""

from collections.abc import Iterable, Mapping

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.balancer import Balancer
from infra.context import Context
from infra.finding import acknowledge
from infra.metrics import NAMESPACE, active_calls, own_metric
from infra.product_function import ProductFunction

# What is logged where, word for word: a filter counts these lines. A test finds each in the code.
UNSIGNED_WEBHOOK = "Webhook refused: the signature is not Twilio's"
UNSIGNED_STREAM = "the handshake is not signed by Twilio"
UNKNOWN_KEY = "API key refused"
NOT_PLACED = {
    "dialout": ("Call not placed", "Twilio did not say whether it placed the call"),
    "dialer": ("Waiting call not placed",),
}
"""By function."""
BROKEN_REQUESTS = ("Request failed unexpectedly", "A service of AWS does not answer")
VENDOR_FAILS = "a vendor fails"
OPT_OUT_NOT_KEPT = "an opt-out could not be kept"
NOT_DELIVERED = "Schedule's firing was not delivered"
CAMPAIGN_PAUSED = "Campaign paused: too many of its calls fail"

# Of the first three: more than a scanner's or a mistaken caller's. A rotated token that was not set
# everywhere refuses each of Twilio's webhooks, six a call.
REFUSALS_IN_FIVE_MINUTES = 10
# One call may fail for a reason of its own.
CALLS_IN_FIVE_MINUTES = 2

_LESS = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
_GREATER = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_MISSING_IS_BAD = cloudwatch.TreatMissingData.BREACHING


class Alarms(Construct):
    """An alarm for each failure, and a letter about it (``-c alarm_email=``).

    Attributes:
        all: every alarm.
    """

    def __init__(self, scope: Construct, name: str, context: Context) -> None:
        super().__init__(scope, name)
        self._context = context
        self.all: list[cloudwatch.Alarm] = []
        self._topic = self._mail(context.alarm_email) if context.alarm_email else None

    def watch_dead_letters(self, queues: Mapping[str, sqs.Queue]) -> None:
        """Something could not be delivered, and waits to be looked at."""
        for name, queue in queues.items():
            self._alarm(
                f"dead-letters-{name}",
                f"{queue.node.id}: something was given up. docs/operations.md says what to do.",
                queue.metric_approximate_number_of_messages_visible(
                    statistic="Maximum", period=Duration.minutes(1)
                ),
                threshold=0,
            )

    def watch_seats(self) -> None:
        """Nobody more can be called, or a seat was never given back."""
        self._alarm(
            "seats-exhausted",
            "Calls were refused because no seat was free: raise max_tasks or seats per task.",
            own_metric(self._context, "SeatsExhausted"),
            threshold=0,
            minutes=3,
        )
        self._alarm(
            "leases-leaked",
            "The sweeper took back seats of calls that had ended: something ends without saying.",
            own_metric(self._context, "LeasesLeaked"),
            threshold=0,
        )

    def watch_webhooks(self, twiml: ProductFunction) -> None:
        """A person who answered waits for this function."""
        self._alarm(
            "webhooks-slow",
            "One webhook of Twilio's in a hundred takes more than two seconds.",
            twiml.function.metric_duration(statistic="p99", period=Duration.minutes(1)),
            threshold=2000,
            minutes=3,
        )

    def watch_refusals(self, twiml: ProductFunction, media: logs.LogGroup) -> None:
        """Twilio's requests are refused: the auth token was rotated, or the public URL is wrong."""
        for name, log, pattern in (
            ("Webhooks", twiml.log, _field_is("message", UNSIGNED_WEBHOOK)),
            ("Streams", media, _field_is("reason", UNSIGNED_STREAM)),
        ):
            self._count(f"Unsigned{name}", log, pattern, "SignatureFailures")
        self._alarm(
            "signature-failures",
            "Requests were refused as not Twilio's: check the auth token and the public URLs.",
            self._counted("SignatureFailures"),
            threshold=REFUSALS_IN_FIVE_MINUTES,
        )

    def watch_keys(self, functions: Iterable[ProductFunction]) -> None:
        """Somebody guesses keys, or uses one that was revoked."""
        for function in functions:
            self._count(
                f"UnknownKeys{function.node.id}",
                function.log,
                _field_is("message", UNKNOWN_KEY),
                "ApiKeyFailures",
            )
        self._alarm(
            "api-key-failures",
            "Requests came with API keys that are not known, or were revoked.",
            self._counted("ApiKeyFailures"),
            threshold=REFUSALS_IN_FIVE_MINUTES,
        )

    def watch_calls(self, functions: Mapping[str, ProductFunction]) -> None:
        """Twilio does not take our calls."""
        for module, sentences in NOT_PLACED.items():
            for number, sentence in enumerate(sentences):
                self._count(
                    f"NotPlaced{module.title()}{number}", functions[module].log,
                    _field_is("message", sentence), "CallsNotPlaced",
                )  # fmt: skip
        self._alarm(
            "calls-not-placed",
            "Twilio refused calls, or did not answer: `dialout doctor` looks at the account.",
            self._counted("CallsNotPlaced"),
            threshold=CALLS_IN_FIVE_MINUTES,
        )

    def watch_schedules(self, dialer: ProductFunction) -> None:
        """The scheduler cannot put a firing on its queue."""
        self._count(
            "NotDelivered", dialer.log, _field_is("message", NOT_DELIVERED), "FiringsNotDelivered"
        )
        self._alarm(
            "firings-not-delivered",
            "A schedule's firing did not reach the timed queue: the call's record says why.",
            self._counted("FiringsNotDelivered"),
            threshold=0,
        )

    def watch_campaigns(self, reports: ProductFunction, pump: ProductFunction) -> None:
        """A campaign has stopped by itself, or none is looked after."""
        self._count(
            "CampaignsPaused", reports.log, _field_is("message", CAMPAIGN_PAUSED), "CampaignsPaused"
        )
        self._alarm(
            "campaign-paused",
            "A campaign paused because too many of its calls fail: GET /campaigns says which.",
            self._counted("CampaignsPaused"),
            threshold=0,
        )
        self._alarm(
            "campaign-pump-fails",
            "The minute's pump of the campaigns fails: nobody is phoned again, or none at all.",
            pump.function.metric_errors(period=Duration.minutes(1)),
            threshold=0,
            minutes=3,
        )

    def watch_requests(self, functions: Iterable[ProductFunction]) -> None:
        """The API, or a webhook of Twilio's, breaks on our side."""
        for function in functions:
            for number, sentence in enumerate(BROKEN_REQUESTS):
                self._count(
                    f"Broken{function.node.id}{number}", function.log,
                    _field_is("message", sentence), "BrokenRequests",
                )  # fmt: skip
        self._alarm(
            "requests-broken",
            "Requests failed on our side: look for the sentence in the functions' logs.",
            self._counted("BrokenRequests"),
            threshold=0,
        )

    def watch_conversations(self, media: logs.LogGroup) -> None:
        """People hear apologies, or their wish not to be called could not be written down."""
        self._count("VendorFails", media, _field_is("message", VENDOR_FAILS), "VendorFailures")
        self._alarm(
            "vendors-failing",
            "Who listens, thinks or speaks fails in calls: `dialout doctor` tries each.",
            self._counted("VendorFailures"),
            threshold=CALLS_IN_FIVE_MINUTES,
        )
        self._count("OptOutNotKept", media, _field_is("message", OPT_OUT_NOT_KEPT), "OptOutsLost")
        self._alarm(
            "opt-outs-lost",
            "A callee asked never to be called again, and it was not kept: list it by hand.",
            self._counted("OptOutsLost"),
            threshold=0,
        )

    def watch_tasks(self, balancer: Balancer) -> None:
        """No healthy task, a sick one, or tasks of which nothing is heard."""
        minute = Duration.minutes(1)
        self._alarm(
            "media-unhealthy",
            "A media task does not answer its health check.",
            balancer.targets.metrics.unhealthy_host_count(statistic="Maximum", period=minute),
            threshold=0,
            minutes=3,
        )
        self._alarm(
            "media-none-healthy",
            "No media task is there to take a call.",
            balancer.targets.metrics.healthy_host_count(statistic="Minimum", period=minute),
            threshold=1,
            minutes=2,
            comparison=_LESS,
            missing=_MISSING_IS_BAD,
        )
        self._alarm(
            "active-calls-missing",
            "No task reports its calls: the fleet cannot be scaled.",
            active_calls(self._context).with_(statistic="SampleCount"),
            threshold=1,
            minutes=5,
            comparison=_LESS,
            missing=_MISSING_IS_BAD,
        )

    def watch_sweeper(self, sweeper: ProductFunction) -> None:
        """The last net has a hole."""
        self._alarm(
            "sweeper-fails",
            "The sweeper fails: calls whose end nobody reported keep their seats.",
            sweeper.function.metric_errors(period=Duration.minutes(1)),
            threshold=0,
            minutes=3,
        )

    def _alarm(
        self,
        name: str,
        description: str,
        metric: cloudwatch.IMetric,
        *,
        threshold: float,
        minutes: int = 1,
        comparison: cloudwatch.ComparisonOperator = _GREATER,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name.title().replace("-", ""),
            alarm_name=f"{self._context.name}-{name}",
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            evaluation_periods=minutes,
            comparison_operator=comparison,
            treat_missing_data=missing,
        )
        if self._topic:
            alarm.add_alarm_action(actions.SnsAction(self._topic))
            alarm.add_ok_action(actions.SnsAction(self._topic))
        self.all.append(alarm)

    def _count(self, name: str, log: logs.LogGroup, pattern: logs.IFilterPattern, to: str) -> None:
        logs.MetricFilter(
            self,
            name,
            log_group=log,
            filter_name=f"{self._context.name}-{name}",
            filter_pattern=pattern,
            metric_namespace=NAMESPACE,
            metric_name=self._counted_name(to),
            metric_value="1",
        )

    def _counted(self, name: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=self._counted_name(name),
            statistic="Sum",
            period=Duration.minutes(5),
        )

    def _counted_name(self, name: str) -> str:
        # A filter's dimensions can only be taken from the line, which does not name its
        # environment.
        return f"{self._context.env}/{name}"

    def _mail(self, address: str) -> sns.Topic:
        topic = sns.Topic(
            self, "Topic", topic_name=f"{self._context.name}-alarms", enforce_ssl=True
        )
        # A policy of its own, such as the one that wants TLS, takes the place of the one that
        # lets the account's alarms publish.
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        topic.add_subscription(subscriptions.EmailSubscription(address))
        acknowledge(
            topic,
            "AwsSolutions-SNS2",
            "Alarms hold nobody's data, and CloudWatch cannot publish under SNS's own key.",
        )
        return topic


def _field_is(field: str, value: str) -> logs.IFilterPattern:
    return logs.FilterPattern.string_value(f"$.{field}", "=", value)
