"""The product's own metrics. Functions and tasks write them into their logs (EMF)."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.context import Context

NAMESPACE = "Dialout"


def active_calls(context: Context) -> cloudwatch.Metric:
    """Calls on a task: the average over all tasks, each of which reports every minute."""
    return own_metric(context, "ActiveCalls", "Average")


def own_metric(context: Context, name: str, statistic: str = "Sum") -> cloudwatch.Metric:
    """A metric of this environment, a minute a point."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"environment": context.env},
        statistic=statistic,
        period=Duration.minutes(1),
    )
