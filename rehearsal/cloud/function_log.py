"""What the functions logged, for whoever wants to know why."""

from datetime import UTC, datetime
from typing import Any

from rehearsal.cloud.client import client

# Lambda's own lines about each request.
_FRAME = ("START RequestId", "END RequestId", "REPORT RequestId")


def function_log(endpoint: str) -> str:
    """Every line of every function, oldest first, with the function's name."""
    logs = client("logs", endpoint)
    lines: list[tuple[int, str, str]] = []
    groups = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]
    for group in groups:
        name = group["logGroupName"]
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
            lines += [_line(name, event) for event in page["events"]]
    return "".join(
        f"{datetime.fromtimestamp(at / 1000, UTC):%H:%M:%S.%f} {name} {message}\n"
        for at, name, message in sorted(lines)
        if not message.startswith(_FRAME)
    )


def _line(group: str, event: dict[str, Any]) -> tuple[int, str, str]:
    return event["timestamp"], group.rsplit("/", 1)[-1], event["message"].rstrip()
