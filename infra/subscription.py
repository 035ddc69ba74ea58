"""From the bus to a function, through a queue that keeps what it cannot take yet."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.context import Context
from infra.product_function import ProductFunction


@dataclass(frozen=True)
class Pace:
    """How a function is given its events, and how often.

    Attributes:
        timeout: the function's own.
        attempts: so often at most is one event given to it.
        kept: so long at most does an event wait.
        batch: so many at once.
        at_once: so many of its instances; two is the least that AWS takes.
        delay: before the first attempt.
    """

    timeout: Duration
    attempts: int
    kept: Duration
    batch: int
    at_once: int
    delay: Duration | None = None


def subscribe(
    scope: Construct,
    name: str,
    context: Context,
    function: ProductFunction,
    *,
    description: str,
    bus: events.EventBus,
    pattern: events.EventPattern,
    pace: Pace,
    dead: sqs.Queue,
) -> None:
    """Have the function take the bus's events of this pattern, at its own pace.

    Args:
        name: of the rule and the queue, behind the stack's.
        dead: takes what was given to it too often. What can never be done, it puts there itself.
    """
    queue = sqs.Queue(
        scope,
        "Queue",
        queue_name=f"{context.name}-{name}",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        delivery_delay=pace.delay,
        # Of a message whose function died: six times its timeout, as Lambda's event source asks.
        # A function that knows better sets the others' own.
        visibility_timeout=Duration.seconds(6 * pace.timeout.to_seconds()),
        retention_period=pace.kept,
        receive_message_wait_time=Duration.seconds(20),
        dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=pace.attempts),
    )
    events.Rule(
        scope,
        "Rule",
        rule_name=f"{context.name}-{name}",
        description=description,
        event_bus=bus,
        event_pattern=pattern,
        # A day, and 185 tries: EventBridge's own bounds.
        targets=[targets.SqsQueue(queue, dead_letter_queue=dead)],
    )
    # Reading the queue, which the source is let do, includes saying when a message comes again.
    function.function.add_event_source(
        sources.SqsEventSource(
            queue,
            batch_size=pace.batch,
            max_concurrency=pace.at_once,
            report_batch_item_failures=True,
        )
    )
