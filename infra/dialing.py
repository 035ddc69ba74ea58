"""Calls that wait for a seat: from the queues to the function that dials them."""

import math

from aws_cdk import Duration
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.context import Context
from infra.data import Data
from infra.product_code import ProductCode
from infra.product_function import ProductFunction
from infra.secrets import let_read_secrets

# Each waits up to 3 s for its turn and 10 s for Twilio.
BATCH = 2


class Dialing(Construct):
    """The dialer, fed by both queues: a campaign fills its own, and delays no timed call.

    Attributes:
        dialer: the function.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        context: Context,
        *,
        data: Data,
        undelivered: sqs.Queue,
        product: ProductCode,
    ) -> None:
        """Its function and its queues.

        Args:
            undelivered: the firings of schedules that did not reach the timed queue.
        """
        super().__init__(scope, name)
        self.dialer = ProductFunction(
            self, "dialer", context, product=product,
            timeout=Duration.seconds(30), description="Dials the calls that wait for a seat.",
        )  # fmt: skip
        data.let_use_table(self.dialer.role)
        let_read_secrets(self.dialer.role, context)
        data.prepare_queue.grant_send_messages(self.dialer.role)
        # One call takes about a second, Twilio's answer included; two is the least that AWS takes.
        at_once = max(2, math.ceil(context.calls_per_second) + 1)
        for queue in (data.timed_queue, data.campaign_queue):
            # What cannot be dialled yet goes back to its queue, with a delay.
            queue.grant_send_messages(self.dialer.role)
            self._feed(queue, at_once)
        self._feed(undelivered, 2)

    def _feed(self, queue: sqs.Queue, at_once: int) -> None:
        self.dialer.function.add_event_source(
            sources.SqsEventSource(
                queue,
                batch_size=BATCH,
                max_concurrency=at_once,
                report_batch_item_failures=True,
            )
        )
