"""The functions' own metrics: lines in the log that CloudWatch counts (Embedded Metric Format).

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import time
from typing import Literal

from calls.settings import settings
from functions.log import logger

NAMESPACE = "Dialout"


def count(name: Literal["SeatsExhausted", "LeasesLeaked", "CallsRedirected"], number: int) -> None:
    """Add ``number`` to a metric of this environment."""
    metrics = {
        "Namespace": NAMESPACE,
        "Dimensions": [["environment"]],
        "Metrics": [{"Name": name, "Unit": "Count"}],
    }
    told = {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [metrics]}
    logger.info("Counted", extra={"_aws": told, "environment": settings().env, name: number})
