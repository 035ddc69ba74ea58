"""What came of calls that ended: from the bus, through a queue, to the function that finds out."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from constructs import Construct

from infra.context import Context
from infra.data import Data
from infra.dead_letters import dead_letters
from infra.events import SOURCE
from infra.product_code import ProductCode
from infra.product_function import ProductFunction
from infra.secrets import let_read_secrets
from infra.subscription import Pace, subscribe

READING = Pace(
    # Each answer of an LLM has a minute at most, and it may mend one.
    timeout=Duration.seconds(150),
    # One for each delay of `calls.debrief`, and the first: an hour and a half.
    attempts=6,
    kept=Duration.days(1),
    # Asked together. More calls that end at once wait a little; nobody is on the line any more.
    batch=5,
    at_once=4,
    # A media task may still be writing what was said last.
    delay=Duration.seconds(5),
)


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
            timeout=READING.timeout, description="Finds out what came of calls that ended.",
        )  # fmt: skip
        data.let_use_table(self.function.role)
        let_read_secrets(self.function.role, context)
        self.dead_letters = dead_letters(self, context, "debrief")
        subscribe(
            self, "debrief", context, self.function, bus=bus, dead=self.dead_letters, pace=READING,
            description="Calls that ended, to whoever finds out what came of them.",
            pattern=events.EventPattern(source=[SOURCE], detail_type=["call.ended"]),
        )  # fmt: skip
        # What is no event of a call goes there at once.
        self.dead_letters.grant_send_messages(self.function.role)
