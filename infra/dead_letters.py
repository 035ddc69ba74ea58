"""A queue for what could not be delivered."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.context import Context
from infra.finding import acknowledge


def dead_letters(scope: Construct, context: Context, name: str) -> sqs.Queue:
    """The queue ``dialout-<env>-<name>-dead``: two weeks to look into it. An alarm watches it."""
    queue = sqs.Queue(
        scope,
        f"{name.title().replace('-', '')}DeadLetters",
        queue_name=f"{context.name}-{name}-dead",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
    acknowledge(
        queue,
        "AwsSolutions-SQS3",
        "It holds dead letters itself: Lambda's, EventBridge's or Scheduler's.",
    )
    return queue
