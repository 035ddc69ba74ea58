"""What the world is told of calls: from the table to the bus, and from the bus to webhooks."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.context import Context
from infra.data import Data
from infra.dead_letters import dead_letters
from infra.finding import acknowledge
from infra.product_code import ProductCode
from infra.product_function import ProductFunction
from infra.secrets import let_read_secrets
from infra.subscription import Pace, subscribe

SOURCE = "dialout"

# As long as somebody can still do something with the news that a call ended.
KEPT = Duration.hours(1)

DELIVERING = Pace(
    # The webhook has eight seconds for each of resolving, connecting, taking and answering.
    timeout=Duration.seconds(60),
    # One for each delay of `calls.delivery`, and the first.
    attempts=12,
    # A day of attempts; three and a half, if the receiver asks for its longest each time.
    kept=Duration.days(7),
    # Sent together. So forty webhooks can hang at once, and the account's functions (ten at once,
    # in a new account) are still there for the people on the line.
    batch=10,
    at_once=4,
)


class EventBus(Construct):
    """The bus ``dialout-<env>``. Rules of the user's own may listen on it too."""

    def __init__(self, scope: Construct, name: str, context: Context) -> None:
        super().__init__(scope, name)
        self.bus = events.EventBus(
            self, "Bus", event_bus_name=context.name, description="Dialout: what calls reach."
        )


class Events(Construct):
    """The announcer, which puts each status that a call reaches on the bus, and the function
    that delivers events to webhooks.

    Attributes:
        functions: by module.
        dead_letters: by what could not be done: ``announcer`` (a change of the table that was
            not told), ``webhooks`` (an event that its webhook did not take).
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
        self._product = product
        self.dead_letters: dict[str, sqs.Queue] = {}
        self.functions = {
            "announcer": self._announcer(data, bus),
            "events": self._delivery(bus),
        }

    def _announcer(self, data: Data, bus: events.EventBus) -> ProductFunction:
        announcer = ProductFunction(
            self, "announcer", self._context, product=self._product,
            timeout=Duration.seconds(30), description="Puts what calls reach on the bus.",
        )  # fmt: skip
        bus.grant_put_events_to(announcer.role)
        acknowledge(
            announcer.role,
            "AwsSolutions-IAM5[Resource::*]",
            "dynamodb:ListStreams and X-Ray's actions know no resource.",
        )
        dead = self._dead("announcer")
        announcer.function.add_event_source(
            sources.DynamoEventSource(
                data.table,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                # Turns and greetings change most; only the call itself is told of.
                filters=[
                    lambda_.FilterCriteria.filter(
                        {
                            "eventName": lambda_.FilterRule.or_("INSERT", "MODIFY"),
                            "dynamodb": {
                                "Keys": {"sk": {"S": lambda_.FilterRule.is_equal("META")}}
                            },
                        }
                    )
                ],
                report_batch_item_failures=True,
                # One record that cannot be told must not hold up the rest for a day.
                retry_attempts=5,
                max_record_age=KEPT,
                on_failure=sources.SqsDlq(dead),
            )
        )
        return announcer

    def _delivery(self, bus: events.EventBus) -> ProductFunction:
        delivery = ProductFunction(
            self, "events", self._context, product=self._product,
            timeout=DELIVERING.timeout, description="Delivers call events to webhooks.",
        )  # fmt: skip
        let_read_secrets(delivery.role, self._context)
        dead = self._dead("webhooks")
        subscribe(
            self, "webhooks", self._context, delivery, bus=bus, dead=dead, pace=DELIVERING,
            description="Call events to the webhooks that calls named.",
            pattern=events.EventPattern(
                source=[SOURCE], detail={"call": {"webhook_url": events.Match.prefix("https://")}}
            ),
        )  # fmt: skip
        # What can never be delivered goes there at once.
        dead.grant_send_messages(delivery.role)
        return delivery

    def _dead(self, name: str) -> sqs.Queue:
        self.dead_letters[name] = dead_letters(self, self._context, name)
        return self.dead_letters[name]
