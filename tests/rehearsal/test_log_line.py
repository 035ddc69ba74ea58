"""The product's logs, as an operator reads them."""

import json
from datetime import UTC, datetime
from typing import Any

from rehearsal.log_line import Alarms, Noted, noted, of_functions, of_media

REFUSED = "Webhook refused: the signature is not Twilio's"
REFUSED_FILTER = f'{{ $.message = "{REFUSED}" }}'
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Filter": {
            "Type": "AWS::Logs::MetricFilter",
            "Properties": {
                "FilterPattern": REFUSED_FILTER,
                "MetricTransformations": [{"MetricName": "prod/SignatureFailures"}],
            },
        },
        "Signatures": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {"AlarmName": "d-signatures", "MetricName": "prod/SignatureFailures"},
        },
        "Seats": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {"AlarmName": "d-seats", "MetricName": "SeatsExhausted"},
        },
        "Rate": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": "d-metrics"}},
        "Other": {"Type": "AWS::SNS::Topic"},
    }
}
COUNTED = {"CloudWatchMetrics": [{"Metrics": [{"Name": "SeatsExhausted"}]}]}


def function(second: int, level: str, message: str, **fields: Any) -> str:
    at = f"2026-11-22 19:43:{second:02},471+0000"
    entry = json.dumps({"level": level, "message": message, "timestamp": at, **fields})
    return f"19:43:{second:02}.000000 dialout-rehearsal-twiml {entry}\n"


def test_what_is_loud_or_feeds_an_alarm_is_counted_from_then_on() -> None:
    log = (
        function(1, "WARNING", REFUSED)
        + function(5, "WARNING", REFUSED)
        + function(6, "INFO", "Call status")
        + function(7, "INFO", "Counted", _aws=COUNTED)
        + function(8, "WARNING", REFUSED)
        + "19:43:09.000000 dialout-rehearsal-twiml Task timed out\n"
        + "19:43:09.000000 dialout-rehearsal-twiml {broken\n"
    )
    media = (
        "pipecat banner\n"
        + json.dumps(
            {"at": "2026-11-22T19:43:06.1+00:00", "level": "error", "message": "a vendor fails"}
        )
        + "\n"
    )
    lines = [*of_functions(log), *of_media(media)]
    since = datetime(2026, 11, 22, 19, 43, 3, tzinfo=UTC)
    assert noted(lines, Alarms(TEMPLATE), since) == [
        Noted("twiml", "warning", REFUSED, 2, ("d-signatures",)),
        Noted("twiml", "info", "Counted", 1, ("d-seats",)),
        Noted("media", "error", "a vendor fails", 1, ()),
    ]
