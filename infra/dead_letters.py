"""A queue for what could not be delivered."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.context import Context
from infra.finding import acknowledge


def dead_letters(
    scope: Construct, context: Context, name: str, reread: sqs.DeadLetterQueue | None = None
) -> sqs.Queue:
    """The queue ``dialout-<env>-<name>-dead``: two weeks to look into it. An alarm watches it.

    Args:
        reread: a function reads it; there goes what that fails at.
    """
    queue = sqs.Queue(
        scope,
        f"{name.title().replace('-', '')}DeadLetters",
        queue_name=f"{context.name}-{name}-dead",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
        # Six times what its reader may take, as Lambda's event source asks.
        visibility_timeout=Duration.minutes(3) if reread else None,
        dead_letter_queue=reread,
    )
    acknowledge(
        queue,
        "AwsSolutions-SQS3",
        "It holds dead letters itself: Lambda's, EventBridge's or Scheduler's.",
    )
    return queue
