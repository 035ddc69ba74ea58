"""/campaigns through the real handlers, DynamoDB and SQS; and their calls, to the results."""

import csv
import io
import json
from typing import Any

import pytest

from calls import status_report
from calls.call import EndReason, now
from calls.campaign import CampaignState
from calls.do_not_call import Listing
from functions import call_records, campaign_pump, campaign_reports, campaigns, opt_outs, wiring
from functions.log import logger
from tests.integration.conftest import API_KEY, Twilio
from tests.integration.gateway import Context, event
from tests.integration.test_dialer_function import dialed, received

pytestmark = pytest.mark.usefixtures("cloud")
ASKED = {"name": "appointments", "agent": "reminder", "from_number": "+15550000001"}
NAMED = {"business": "us", "name": "Sarah", "appointment_time": "noon"}
HEADER = "to_number,business,name,appointment_time,time_zone"


def ask(
    route: str, body: Any = None, *, query: str = "", base64_body: bool = False, **headers: str
) -> dict[str, Any]:
    """The answer to a request such as ``GET /campaigns/01J…/contacts``."""
    method, path = route.split()
    parts = path.split("/")
    key, parameters = f"{method} {path}", None
    if len(parts) > 2:
        parameters = {"campaign_id": parts[2]}
        key = " ".join([method, "/".join(["/campaigns", "{campaign_id}", *parts[3:]])])
    sent = {"authorization": f"Bearer {API_KEY}", **headers}
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    request = event(
        key, path, query=query, headers=sent, path_parameters=parameters, body=text,
        base64_body=base64_body,
    )  # fmt: skip
    answer = campaigns.handler(request, Context())
    if "json" in answer["headers"]["Content-Type"]:
        return {**answer, "json": json.loads(answer["body"])}
    return answer


def made(**asked: Any) -> str:
    answer = ask("POST /campaigns", {**ASKED, **asked})
    assert answer["statusCode"] == 201, answer
    campaign_id: str = answer["json"]["campaign_id"]
    return campaign_id


def added(campaign_id: str, *numbers: str) -> Any:
    rows = [{"to_number": each, "variables": NAMED} for each in numbers]
    answer = ask(f"POST /campaigns/{campaign_id}/contacts", {"contacts": rows})
    assert answer["statusCode"] == 200, answer
    return answer["json"]


def change(campaign_id: str, **given: Any) -> dict[str, Any]:
    return ask(f"PATCH /campaigns/{campaign_id}", given)


def shown(campaign_id: str) -> Any:
    return ask(f"GET /campaigns/{campaign_id}")["json"]


def rung() -> list[str]:
    """The ids of the calls that were dialled from the queue."""
    messages = received("campaign-test")
    assert dialed(*messages) == {"batchItemFailures": []}
    return [json.loads(each["body"])["key"] for each in messages]


def told(call_id: str, status: str, reason: EndReason | None = None) -> None:
    """The end of a call, and what the bus tells of it."""
    if reason:
        wiring.records().update(call_id, lambda c: c.will_end(reason))
    wiring.records().update(call_id, lambda c: status_report.apply(c, status, now(), 7))
    reported(call_id)


def reported(*call_ids: str) -> None:
    messages = [
        {
            "messageId": call_id,
            "body": json.dumps(
                {
                    "detail": {
                        "id": f"{call_id}.call.ended", "type": "call.ended",
                        "at": now().isoformat(), "sequence": 4, "call": {"call_id": call_id},
                    }
                }
            ),
        }
        for call_id in call_ids
    ]  # fmt: skip
    assert campaign_reports.handler({"Records": messages}, Context()) == {"batchItemFailures": []}


def test_a_campaign_is_made_once_for_a_key_listed_and_shown() -> None:
    answers = [ask("POST /campaigns", ASKED, **{"idempotency-key": "k"}) for _ in range(2)]
    assert [each["statusCode"] for each in answers] == [201, 201]
    assert answers[1]["headers"]["Idempotent-Replayed"] == "true"
    (campaign_id,) = {each["json"]["campaign_id"] for each in answers}
    assert answers[0]["headers"]["Location"] == f"/campaigns/{campaign_id}"
    other = ask("POST /campaigns", {**ASKED, "name": "x"}, **{"idempotency-key": "k"})
    assert (other["statusCode"], other["json"]["code"]) == (409, "idempotency_conflict")
    campaign = shown(campaign_id)
    assert (campaign["state"], campaign["agent"]) == ("draft", "reminder")
    assert campaign["retry"]["busy"] == {"attempts": 3, "gap_seconds": 600}
    assert campaign["progress"]["contacts"] == 0
    second = made(name="second")
    first_page = ask("GET /campaigns", query="limit=1")["json"]
    assert [each["campaign_id"] for each in first_page["campaigns"]] == [second]
    rest = ask("GET /campaigns", query=f"limit=1&cursor={first_page['cursor']}")["json"]
    assert [each["campaign_id"] for each in rest["campaigns"]] == [campaign_id]
    assert rest["cursor"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"agent": "nobody"},
        {"calling_window": "21:00-08:00"},
        {"time_zone": "Mars/Olympus"},
        {"retry": {"busy": {"attempts": 0}}},
        {"retry": {"asleep": {}}},
        {"breaker": {"share": 2}},
        {"webhook_url": "http://example.com"},
    ],
)
def test_what_is_not_right_is_refused(wrong: dict[str, Any]) -> None:
    answer = ask("POST /campaigns", {**ASKED, **wrong})
    assert (answer["statusCode"], answer["json"]["code"]) == (400, "invalid_request")


def test_what_is_not_there_is_not_found() -> None:
    nowhere = "/campaigns/01J00000000000000000000000"
    for route, body in (
        (f"GET {nowhere}", None), (f"PATCH {nowhere}", {"state": "running"}),
        (f"POST {nowhere}/contacts", {"contacts": []}), (f"GET {nowhere}/contacts", None),
        (f"GET {nowhere}/preview", None), (f"GET {nowhere}/results", None),
    ):  # fmt: skip
        answer = ask(route, body)
        assert (answer["statusCode"], answer["json"]["code"]) == (404, "campaign_not_found")


@pytest.mark.parametrize("base64_body", [False, True])
def test_csv_rows_are_kept_and_bad_ones_told_by_line(base64_body: bool) -> None:
    campaign_id = made()
    text = (
        f"\N{ZERO WIDTH NO-BREAK SPACE}{HEADER}\r\n"
        '+15550100001,"Smith, Jones\nand Sons",Sarah,noon,America/Chicago\r\n'
        "+15550100002,us,Tom,noon,Europe/Berlin,Mars\r\n"
        "not a number,us,Tom,noon,\r\n"
        "\r\n"
        "+15550100003,us,Tom\r\n"
        "+1 555 010 0001,us,Sarah again,noon,\r\n"
        "+15550100004,us,Zoë,noon,Mars/Olympus\r\n"
        "+15550100005,us,Zoë,noon,\r\n"
        "+15550000001,us,Ourselves,noon,\r\n"
    )
    answer = ask(
        f"POST /campaigns/{campaign_id}/contacts", text, base64_body=base64_body,
        **{"content-type": "text/csv; charset=utf-8"},
    )  # fmt: skip
    assert answer["statusCode"] == 200, answer
    assert answer["json"]["added"] == 2
    bad = {each["line"]: each["reason"] for each in answer["json"]["bad_rows"]}
    assert set(bad) == {4, 5, 7, 8, 9, 11}
    assert bad[4] == "it has 6 cells, and the header 5"
    assert bad[5].startswith("to_number: ")
    assert bad[7] == "it has 3 cells, and the header 5"
    assert bad[8] == "this number is in the campaign already"
    assert bad[9].startswith("time_zone: ")
    assert "the number that calls" in bad[11]
    found = ask(f"GET /campaigns/{campaign_id}/contacts")["json"]["contacts"]
    sarah = next(each for each in found if each["to_number"] == "+15550100001")
    assert sarah["variables"]["business"] == "Smith, Jones\nand Sons"
    assert (sarah["time_zone"], sarah["state"]) == ("America/Chicago", "pending")
    again = ask(
        f"POST /campaigns/{campaign_id}/contacts", text, **{"content-type": "text/csv"}
    )["json"]  # fmt: skip
    assert (again["added"], len(again["bad_rows"])) == (0, 8)


@pytest.mark.parametrize(
    "text", ["", "name\nSarah", "to_number,to_number\n1,2", 'to_number\n"+1555', "to_number,\n1,2"]
)
def test_a_csv_that_cannot_be_read_adds_nobody(text: str) -> None:
    campaign_id = made()
    answer = ask(f"POST /campaigns/{campaign_id}/contacts", text, **{"content-type": "text/csv"})
    assert (answer["statusCode"], answer["json"]["code"]) == (400, "invalid_request")
    assert shown(campaign_id)["progress"]["contacts"] == 0


@pytest.mark.parametrize("as_csv", [True, False])
def test_ten_thousand_rows_are_a_request_and_one_more_adds_nobody(as_csv: bool) -> None:
    campaign_id = made()
    # Bad rows are told without a write.
    for many, status in ((10_000, 200), (10_001, 400)):
        body: Any = {"contacts": [{"to_number": "1"}] * many}
        kind = "application/json"
        if as_csv:
            body, kind = "to_number\n" + "1\n" * many, "text/csv"
        answer = ask(f"POST /campaigns/{campaign_id}/contacts", body, **{"content-type": kind})
        assert answer["statusCode"] == status
        if status == 200:
            assert (answer["json"]["added"], len(answer["json"]["bad_rows"])) == (0, many)
        else:
            assert "10000" in answer["json"]["detail"].replace(",", "")
    assert shown(campaign_id)["progress"]["contacts"] == 0


def test_a_campaign_runs_from_start_to_results(twilio: Twilio) -> None:
    campaign_id = made(retry={"busy": {"attempts": 2, "gap_seconds": 0}}, metadata={"crm": "7"})
    numbers = [f"+1555010000{each}" for each in range(1, 6)]
    assert added(campaign_id, *numbers)["added"] == 5
    assert change(campaign_id, state="running")["json"]["state"] == "running"
    calls = rung()
    assert len(calls) == len(twilio.creates) == 5
    records = {wiring.records().get(each).to_number: each for each in calls}
    record = wiring.records().get(calls[0])
    assert (record.campaign_id, record.attempt, record.metadata) == (campaign_id, 1, {"crm": "7"})
    for of, found in ((campaign_id, set(calls)), ("01J00000000000000000000000", set())):
        request = event(
            "GET /calls", "/calls", query=f"campaign={of}",
            headers={"authorization": f"Bearer {API_KEY}"},
        )  # fmt: skip
        listed = json.loads(call_records.handler(request, Context())["body"])["calls"]
        assert {each["call_id"] for each in listed} == found
    told(records[numbers[0]], "busy")
    told(records[numbers[1]], "failed")
    told(records[numbers[2]], "completed", EndReason.VOICEMAIL_LEFT)
    told(records[numbers[3]], "completed", EndReason.OPTED_OUT)
    told(records[numbers[4]], "completed", EndReason.AGENT_HUNG_UP)
    progress = shown(campaign_id)["progress"]
    assert progress["by_state"] == {"calling": 1, "done": 2, "settling": 1, "waiting": 1}
    (again,) = rung()
    assert wiring.records().get(again).to_number == numbers[0]
    told(again, "busy")
    wiring.records().update(
        records[numbers[4]],
        lambda c: c.model_copy(
            update={
                "disposition": "completed", "debriefed_at": now(),
                "outcome": {"decision": "confirmed", "note": '=HYPERLINK("x")'},
            }
        ),
    )  # fmt: skip
    reported(records[numbers[4]])
    assert shown(campaign_id)["progress"]["by_disposition"] == {
        "busy": 1, "completed": 1, "opted_out": 1, "voicemail": 1,
    }  # fmt: skip
    answer = ask(f"GET /campaigns/{campaign_id}/results", query="limit=3")
    cursor = answer["headers"]["Dialout-Cursor"]
    rest = ask(f"GET /campaigns/{campaign_id}/results", query=f"cursor={cursor}")
    assert "Dialout-Cursor" not in rest["headers"]
    assert answer["headers"]["Content-Type"].startswith("text/csv")
    lines = {
        each["to_number"]: each
        for each in csv.DictReader(io.StringIO(answer["body"] + rest["body"]))
    }
    assert {number: line["disposition"] for number, line in lines.items()} == dict(
        zip(numbers, ["busy", "", "voicemail", "opted_out", "completed"], strict=True)
    )
    assert lines[numbers[0]]["attempts"] == "2"
    assert lines[numbers[4]]["duration_seconds"] == "7"
    assert lines[numbers[4]]["call_id"] == records[numbers[4]]
    assert lines[numbers[4]]["outcome.decision"] == "confirmed"
    assert lines[numbers[4]]["outcome.note"] == '\'=HYPERLINK("x")', "no spreadsheet runs it"
    left = ask(f"GET /campaigns/{campaign_id}/contacts", query="disposition=voicemail")["json"]
    assert [each["to_number"] for each in left["contacts"]] == [numbers[2]]


def test_what_is_paused_rings_nobody_and_cannot_be_changed_while_it_runs(twilio: Twilio) -> None:
    campaign_id = made()
    answer = change(campaign_id, state="running")
    assert (answer["statusCode"], answer["json"]["code"]) == (409, "campaign_state")
    added(campaign_id, "+15550100001")
    change(campaign_id, state="running")
    refused = change(campaign_id, max_attempts=5)
    assert (refused["statusCode"], refused["json"]["code"]) == (409, "campaign_state")
    assert change(campaign_id, state="paused")["json"]["state"] == "paused"
    (call_id,) = rung()
    assert twilio.creates == []
    reported(call_id)
    assert shown(campaign_id)["progress"]["by_state"] == {"pending": 1}
    changed = change(campaign_id, max_attempts=5, state="running", name="renamed")["json"]
    assert (changed["max_attempts"], changed["name"]) == (5, "renamed")
    assert len(rung()) == 1
    change(campaign_id, state="paused")
    assert change(campaign_id, calling_window="21:00-08:00")["statusCode"] == 400
    assert shown(campaign_id)["calling_window"] is None
    assert change(campaign_id, state="cancelled")["json"]["state"] == "cancelled"
    over = change(campaign_id, state="running")
    assert (over["statusCode"], over["json"]["code"]) == (409, "campaign_over")
    refused = ask(f"POST /campaigns/{campaign_id}/contacts", {"contacts": []})
    assert refused["json"]["code"] == "campaign_over"


def test_a_preview_counts_who_is_called_and_who_is_not() -> None:
    campaign_id = made()
    added(campaign_id, "+15550100001", "+15550100002", "+15550100003", "+493012345678")
    wiring.do_not_call().put(Listing(number="+15550100002", listed_at=now(), source="api"))
    found = ask(f"GET /campaigns/{campaign_id}/preview", query="average_call_seconds=60")["json"]
    assert (found["contacts"], found["will_be_called"], found["estimated"]) == (4, 2, False)
    assert found["skipped"] == {"country_not_allowed": 1, "do_not_call": 1}
    assert found["seats"] == 9
    # Nine seats, a minute each: a call every 6.7 s, and the last one's own minute.
    assert found["seconds"] == 67
    assert 0.04 < found["usd_per_call"] < 0.05
    assert found["usd"] == pytest.approx(2 * found["usd_per_call"], abs=0.01)
    assert wiring.campaigns().tally(campaign_id).states == {"pending": 4}


def test_too_many_failures_pause_it_and_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", out)
    campaign_id = made(breaker={"share": 0.5, "of_last": 5})
    added(campaign_id, *(f"+155501000{each:02}" for each in range(8)))
    change(campaign_id, state="running")
    for call_id in rung()[:5]:
        told(call_id, "failed")
    campaign = shown(campaign_id)
    assert campaign["state"] == "paused"
    assert "5 of the last 5 attempts failed" in campaign["paused_because"]
    assert "Campaign paused: too many of its calls fail" in out.getvalue()
    assert "+1555" not in out.getvalue()


def test_a_listed_number_is_skipped(twilio: Twilio) -> None:
    campaign_id = made()
    added(campaign_id, "+15550100001", "+15550100002")
    keys = {"pk": {"S": "DNC"}, "sk": {"S": "+15550100001"}}
    record = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "Keys": keys}}
    assert opt_outs.handler({"Records": [record]}, Context()) == {"batchItemFailures": []}
    assert shown(campaign_id)["progress"]["by_disposition"] == {"skipped:do_not_call": 1}


def test_the_minutes_pump_begins_what_was_left_and_ends_what_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign_id = made(retry={"busy": {"attempts": 1}})
    added(campaign_id, "+15550100001")
    with monkeypatch.context() as patched:
        patched.setattr(wiring, "campaign_dialing", lambda: 1 / 0)
        change(campaign_id, state="running")
    assert campaign_pump.handler({}, Context()) == {"moved": 0, "ready": 1}
    (call_id,) = rung()
    told(call_id, "busy")
    wiring.campaigns().update(campaign_id, lambda c: c.model_copy(update={"adding_until": None}))
    assert campaign_pump.handler({}, Context()) == {"moved": 0, "ready": 0}
    assert wiring.campaigns().get(campaign_id).state is CampaignState.COMPLETED
    assert wiring.campaigns().open() == []
