"""What can be seen of an environment: its alarms, and one page of graphs."""

from collections.abc import Mapping

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.alarms import Alarms
from infra.api import ROUTES
from infra.balancer import Balancer
from infra.context import Context
from infra.media import Media
from infra.metrics import active_calls, own_metric
from infra.product_function import ProductFunction

_MINUTE = Duration.minutes(1)
_HALF, _WHOLE = 12, 24


class Observability(Construct):
    """The dashboard ``dialout-<env>`` and the alarms on it.

    Attributes:
        dashboard_url: of the dashboard, in the console.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        context: Context,
        *,
        functions: Mapping[str, ProductFunction],
        dead_letters: Mapping[str, sqs.Queue],
        media: Media,
        balancer: Balancer,
    ) -> None:
        """All of an environment's parts.

        Args:
            functions: every one, by module.
            dead_letters: every queue of them, by where they come from.
        """
        super().__init__(scope, name)
        self._context = context
        alarms = Alarms(self, "Alarms", context)
        alarms.watch_dead_letters(dead_letters)
        alarms.watch_seats()
        alarms.watch_webhooks(functions["twiml"])
        alarms.watch_refusals(functions["twiml"], media.log)
        api = {module: each for module, each in functions.items() if module in ROUTES}
        alarms.watch_requests(api.values())
        # Twilio has no key.
        alarms.watch_keys(each for module, each in api.items() if module != "twiml")
        alarms.watch_calls(functions)
        alarms.watch_conversations(media.log)
        alarms.watch_tasks(balancer)
        alarms.watch_sweeper(functions["sweeper"])
        alarms.watch_schedules(functions["dialer"])
        alarms.watch_campaigns(functions["campaign_reports"], functions["campaign_pump"])
        dashboard = cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=context.name,
            default_interval=Duration.hours(3),
            widgets=[
                [cloudwatch.AlarmStatusWidget(alarms=alarms.all, width=_WHOLE, title="Alarms")],
                [self._calls(), self._tasks(media, balancer)],
                [self._waits()],
                [self._latency(functions), self._errors(functions)],
                [self._dead(dead_letters), self._streams(balancer)],
            ],
        )
        region = Stack.of(self).region
        self.dashboard_url = (
            f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
            f"#dashboards/dashboard/{dashboard.dashboard_name}"
        )

    def _calls(self) -> cloudwatch.GraphWidget:
        active = active_calls(self._context)
        return cloudwatch.GraphWidget(
            title="Calls",
            width=_HALF,
            left=[active.with_(statistic="Sum", label="calls"), active.with_(label="per task")],
            right=[
                own_metric(self._context, "SeatsExhausted").with_(label="refused: no seat"),
                own_metric(self._context, "LeasesLeaked").with_(label="seats taken back"),
                own_metric(self._context, "CallsRedirected").with_(label="sent to their next leg"),
            ],
        )

    def _waits(self) -> cloudwatch.GraphWidget:
        whole = own_metric(self._context, "TurnLatency")
        parts = {
            "Turn": "until their turn is over",
            "Token": "until the first token",
            "Voice": "until the voice's first sound",
            "Sound": "until it is sent",
        }
        return cloudwatch.GraphWidget(
            title="What callees wait for an answer, ms",
            width=_WHOLE,
            left=[
                whole.with_(statistic="p50", label="p50"),
                whole.with_(statistic="p95", label="p95"),
            ],
            right=[
                own_metric(self._context, f"TurnLatency{part}", "p50").with_(label=f"p50 {label}")
                for part, label in parts.items()
            ],
        )

    def _tasks(self, media: Media, balancer: Balancer) -> cloudwatch.GraphWidget:
        targets = balancer.targets.metrics
        return cloudwatch.GraphWidget(
            title="Media tasks",
            width=_HALF,
            left=[
                targets.healthy_host_count(statistic="Average", period=_MINUTE, label="healthy"),
                targets.unhealthy_host_count(statistic="Average", period=_MINUTE, label="sick"),
            ],
            right=[
                media.service.metric_cpu_utilization(period=_MINUTE, label="processor %"),
                media.service.metric_memory_utilization(period=_MINUTE, label="memory %"),
            ],
        )

    def _latency(self, functions: Mapping[str, ProductFunction]) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(
            title="Functions: how long, p99, ms",
            width=_HALF,
            left=[
                each.function.metric_duration(statistic="p99", period=_MINUTE, label=name)
                for name, each in functions.items()
            ],
        )

    def _errors(self, functions: Mapping[str, ProductFunction]) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(
            title="Functions: errors, and throttles",
            width=_HALF,
            left=[
                each.function.metric_errors(period=_MINUTE, label=name)
                for name, each in functions.items()
            ],
            right=[
                each.function.metric_throttles(period=_MINUTE, label=name)
                for name, each in functions.items()
            ],
        )

    def _dead(self, queues: Mapping[str, sqs.Queue]) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(
            title="Dead letters",
            width=_HALF,
            left=[
                queue.metric_approximate_number_of_messages_visible(
                    statistic="Maximum", period=_MINUTE, label=name
                )
                for name, queue in queues.items()
            ],
        )

    def _streams(self, balancer: Balancer) -> cloudwatch.GraphWidget:
        load_balancer = balancer.load_balancer.metrics
        return cloudwatch.GraphWidget(
            title="Streams at the load balancer",
            width=_HALF,
            left=[load_balancer.active_connection_count(period=_MINUTE, label="open")],
            right=[
                load_balancer.rejected_connection_count(period=_MINUTE, label="rejected"),
                balancer.targets.metrics.target_connection_error_count(
                    period=_MINUTE, label="task not reached"
                ),
            ],
        )
