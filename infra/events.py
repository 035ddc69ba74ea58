"""What the world is told of calls: from the table to the bus, and from the bus to webhooks."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
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

SOURCE = "dialout"

# As long as somebody can still do something with the news that a call ended.
KEPT = Duration.hours(1)


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
            not told), ``events`` (an event that no webhook took).
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
            # The webhook has eight seconds to answer.
            timeout=Duration.seconds(20), description="Delivers call events to webhooks.",
        )  # fmt: skip
        let_read_secrets(delivery.role, self._context)
        dead = self._dead("events")
        # What a webhook refuses is tried again by Lambda, after one minute and after two more;
        # EventBridge, below, only tries again to hand an event over to Lambda at all.
        delivery.function.configure_async_invoke(
            retry_attempts=2, max_event_age=KEPT, on_failure=destinations.SqsDestination(dead)
        )
        events.Rule(
            self,
            "Rule",
            rule_name=f"{self._context.name}-webhooks",
            description="Call events to the webhooks that calls named.",
            event_bus=bus,
            event_pattern=events.EventPattern(source=[SOURCE]),
            targets=[
                targets.LambdaFunction(
                    delivery.function,
                    dead_letter_queue=dead,
                    max_event_age=KEPT,
                    retry_attempts=10,
                )
            ],
        )
        return delivery

    def _dead(self, name: str) -> sqs.Queue:
        self.dead_letters[name] = dead_letters(self, self._context, name)
        return self.dead_letters[name]
