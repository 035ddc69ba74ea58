"""What came of calls that ended: from the bus, through a queue, to the function that finds out."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.context import Context
from infra.data import Data
from infra.dead_letters import dead_letters
from infra.events import SOURCE
from infra.product_code import ProductCode
from infra.product_function import ProductFunction
from infra.secrets import let_read_secrets

# A media task may still be writing what was said last.
SETTLES = Duration.seconds(5)
# One for each delay of `calls.debrief`, and the first: an hour and a half.
ATTEMPTS = 6
WAITING = Duration.days(1)
# Each answer of an LLM has a minute at most, and it may mend one.
DEBRIEFING = Duration.seconds(150)
# Asked together. More calls that end at once wait a little; nobody is on the line any more.
BATCH, AT_ONCE = 5, 4


class Debriefing(Construct):
    """The function ``debrief``, and the queue of calls that it is still to read.

    Attributes:
        function: it.
        dead_letters: the calls whose LLM did not answer for too long.
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
        self.function = ProductFunction(
            self, "debrief", context, product=product,
            timeout=DEBRIEFING, description="Finds out what came of calls that ended.",
        )  # fmt: skip
        data.let_use_table(self.function.role)
        let_read_secrets(self.function.role, context)
        self.dead_letters = dead_letters(self, context, "debrief")
        queue = self._queue(context)
        events.Rule(
            self,
            "Rule",
            rule_name=f"{context.name}-debrief",
            description="Calls that ended, to whoever finds out what came of them.",
            event_bus=bus,
            event_pattern=events.EventPattern(source=[SOURCE], detail_type=["call.ended"]),
            targets=[targets.SqsQueue(queue, dead_letter_queue=self.dead_letters)],
        )
        # Reading the queue, which the source is let do, includes saying when a message comes again.
        self.function.function.add_event_source(
            sources.SqsEventSource(
                queue,
                batch_size=BATCH,
                max_concurrency=AT_ONCE,
                report_batch_item_failures=True,
            )
        )
        # What is no event of a call goes there at once.
        self.dead_letters.grant_send_messages(self.function.role)

    def _queue(self, context: Context) -> sqs.Queue:
        return sqs.Queue(
            self,
            "Queue",
            queue_name=f"{context.name}-debrief",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            delivery_delay=SETTLES,
            # Of a message whose function died: six times its timeout, as Lambda's event source
            # asks. The function sets the others' own.
            visibility_timeout=Duration.seconds(6 * DEBRIEFING.to_seconds()),
            retention_period=WAITING,
            receive_message_wait_time=Duration.seconds(20),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=ATTEMPTS
            ),
        )
