"""Campaigns: what their calls came to draws the next ones, and so does every minute."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.context import Context
from infra.data import Data
from infra.dead_letters import dead_letters
from infra.events import SOURCE
from infra.product_code import ProductCode
from infra.product_function import ProductFunction
from infra.subscription import Pace, subscribe

REPORTING = Pace(
    # Its reports, and then new calls for 20 s.
    timeout=Duration.seconds(60),
    attempts=5,
    kept=Duration.days(4),
    # Twenty calls that end in a second are two batches.
    batch=10,
    at_once=2,
)
# As long as until the next pump; what it did not get to, that one does.
PUMPING = Duration.seconds(55)


class Campaigns(Construct):
    """The functions ``campaign_reports`` and ``campaign_pump``.

    Attributes:
        functions: by module.
        dead_letters: calls that ended, and whose contacts could not be told.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        context: Context,
        *,
        data: Data,
        bus: events.EventBus,
        product: ProductCode,
    ) -> None:
        super().__init__(scope, name)
        self._context = context
        self.dead_letters = dead_letters(self, context, "campaign-reports")
        reports = ProductFunction(
            self, "campaign_reports", context, product=product,
            timeout=REPORTING.timeout, description="Takes what became of campaigns' calls.",
        )  # fmt: skip
        pump = ProductFunction(
            self, "campaign_pump", context, product=product,
            timeout=PUMPING, description="Has campaigns call whom they still have to.",
        )  # fmt: skip
        for function in (reports, pump):
            data.let_use_table(function.role)
            data.campaign_queue.grant_send_messages(function.role)
        subscribe(
            self, "campaign-reports", context, reports, bus=bus, dead=self.dead_letters,
            pace=REPORTING,
            description="Calls of campaigns that ended, and what they came to.",
            pattern=events.EventPattern(
                source=[SOURCE],
                detail_type=["call.ended", "call.analyzed"],
                # Every ULID until the year 3084; null with the other calls.
                detail={"call": {"campaign_id": events.Match.prefix("0")}},
            ),
        )  # fmt: skip
        self._every_minute(pump)
        self.functions = {"campaign_reports": reports, "campaign_pump": pump}

    def _every_minute(self, pump: ProductFunction) -> None:
        # The next minute is the retry.
        pump.function.configure_async_invoke(retry_attempts=0, max_event_age=Duration.seconds(60))
        events.Rule(
            self,
            "EveryMinute",
            rule_name=f"{self._context.name}-campaign-pump",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            targets=[
                targets.LambdaFunction(
                    pump.function, retry_attempts=0, max_event_age=Duration.seconds(60)
                )
            ],
        )
