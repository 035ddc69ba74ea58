"""A log of the product, kept as long as its environment asks for."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.context import Context


def log_group(scope: Construct, context: Context, name: str) -> logs.LogGroup:
    """The log group ``name``: three months and beyond the stack in production, else two weeks."""
    return logs.LogGroup(
        scope,
        "Log",
        log_group_name=name,
        retention=(
            logs.RetentionDays.THREE_MONTHS if context.production else logs.RetentionDays.TWO_WEEKS
        ),
        removal_policy=(RemovalPolicy.RETAIN if context.production else RemovalPolicy.DESTROY),
    )
