"""Twilio's webhooks through the real handler."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from twilio.request_validator import RequestValidator

from calls.call import SPOKEN, EndReason, Status, now
from calls.language import language
from calls.seats import Beat
from calls.stream_token import verify
from functions import wiring
from functions.twiml import handler
from tests.integration.conftest import AUTH_TOKEN, PUBLIC, Twilio
from tests.integration.gateway import Context, webhook
from tests.integration.test_dialout_function import ARTICLE, post

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def call_id(twilio: Twilio) -> str:
    return str(post(ARTICLE)["json"]["call_id"])


SID = f"CA{1:032}"


def send(path: str, query: str, form: dict[str, str] | None = None, **how: Any) -> dict[str, Any]:
    fields = {"CallSid": SID, "AccountSid": "AC1", "CallStatus": "in-progress", **(form or {})}
    made = webhook(path, query, fields, base_url=PUBLIC, auth_token=AUTH_TOKEN, **how)
    return handler(made, Context())


def test_leg_1_connects_the_stream_and_redirects_to_leg_2(call_id: str) -> None:
    answer = send("/twiml", f"call_id={call_id}&leg=1")

    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"].startswith("text/xml")
    connect, redirect = ET.fromstring(answer["body"])
    (stream,) = connect
    assert stream.get("url") == "wss://media.dialout.test/ws"
    parameters = {p.get("name"): p.get("value") for p in stream}
    assert parameters["call_id"] == call_id
    assert parameters["leg"] == "1"
    assert parameters["to_number"] == "+15550100001"
    assert parameters["from_number"] == "+15550000001"
    verify(
        "stream-secret-of-the-test", parameters["token"] or "",
        call_id=call_id, leg=1, call_sid=SID, at=now(),
    )  # fmt: skip
    assert redirect.text == f"{PUBLIC}/twiml?call_id={call_id}&leg=2"
    assert wiring.records().get(call_id).status is Status.IN_PROGRESS


def test_a_repeated_fetch_gives_the_same_token(call_id: str) -> None:
    query = f"call_id={call_id}&leg=1"
    assert send("/twiml", query)["body"] == send("/twiml", query)["body"]


@pytest.mark.parametrize("signature", ["", "nonsense", "hG3DCxBR8WFUkrQtDfh50spnaqQ="])
def test_what_twilio_did_not_sign_gets_403(call_id: str, signature: str) -> None:
    answer = send("/twiml", f"call_id={call_id}&leg=1", signature=signature)

    assert answer["statusCode"] == 403
    assert json.loads(answer["body"])["code"] == "bad_signature"
    assert wiring.records().get(call_id).status is Status.DIALING


def test_a_stage_in_the_path_is_not_in_the_signature(call_id: str) -> None:
    answer = send("/twiml", f"call_id={call_id}&leg=1", stage="prod")
    assert answer["statusCode"] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "API.DIALOUT.TEST"},
        {"host": "evil.test", "x-forwarded-host": "evil.test", "x-forwarded-proto": "http"},
        {"x-forwarded-port": "80", "forwarded": "for=1.2.3.4;host=evil.test;proto=http"},
    ],
    ids=["upper case", "another host", "another scheme"],
)
def test_what_a_request_says_of_its_own_address_is_not_in_the_signature(
    call_id: str, headers: dict[str, str]
) -> None:
    fields = {"CallSid": SID, "CallStatus": "in-progress"}
    made = webhook(
        "/twiml", f"call_id={call_id}&leg=1", fields, base_url=PUBLIC, auth_token=AUTH_TOKEN
    )
    made["headers"] |= headers
    assert handler(made, Context())["statusCode"] == 200
    # Nor is one believed that was signed for such an address.
    for base_url in ("https://evil.test", PUBLIC.replace("https:", "http:"), f"{PUBLIC}/prod"):
        made = webhook(
            "/twiml", f"call_id={call_id}&leg=1", fields, base_url=base_url, auth_token=AUTH_TOKEN
        )
        made["headers"] |= {"host": "evil.test", **headers}
        assert handler(made, Context())["statusCode"] == 403


def test_the_query_counts_as_it_came_and_in_no_other_spelling(call_id: str) -> None:
    query = f"call_id={call_id}&leg=1&a=b%20c%7e&d="
    assert send("/twiml", query)["statusCode"] == 200
    for other in ("a=b+c%7e&d=", "a=b%20c~&d=", "a=b%20c%7E&d=", "a=b%20c%7e", "d=&a=b%20c%7e"):
        url = f"{PUBLIC}/twiml?call_id={call_id}&leg=1&{other}"
        form = {"CallSid": SID, "AccountSid": "AC1", "CallStatus": "in-progress"}
        signature = RequestValidator(AUTH_TOKEN).compute_signature(url, form)
        assert send("/twiml", query, signature=signature)["statusCode"] == 403


def test_a_request_without_the_header_gets_403(call_id: str) -> None:
    made = webhook("/status", f"call_id={call_id}", {"CallSid": SID}, base_url=PUBLIC,
                   auth_token=AUTH_TOKEN)  # fmt: skip
    del made["headers"]["x-twilio-signature"]
    assert handler(made, Context())["statusCode"] == 403


def test_another_call_sid_gets_403(call_id: str) -> None:
    answer = send("/twiml", f"call_id={call_id}&leg=1", {"CallSid": "CA" + "9" * 32})
    assert answer["statusCode"] == 403


def test_a_call_that_does_not_exist_gets_404() -> None:
    answer = send("/twiml", "call_id=01ARZ3NDEKTSV4RRFFQ69G5FAV&leg=1")
    assert answer["statusCode"] == 404


def test_a_call_that_was_ended_on_purpose_is_hung_up(call_id: str) -> None:
    wiring.records().update(call_id, lambda c: c.will_end(EndReason.AGENT_HUNG_UP))
    answer = send("/twiml", f"call_id={call_id}&leg=2")
    assert [verb.tag for verb in ET.fromstring(answer["body"])] == ["Hangup"]


def test_after_ten_legs_it_apologises_and_hangs_up(call_id: str) -> None:
    answer = send("/twiml", f"call_id={call_id}&leg=11")
    assert [verb.tag for verb in ET.fromstring(answer["body"])] == ["Say", "Hangup"]
    assert wiring.records().get(call_id).end_reason is EndReason.FAILED


def test_a_leg_that_never_began_is_tried_again_after_words(call_id: str) -> None:
    send("/twiml", f"call_id={call_id}&leg=1")
    say, pause, redirect = ET.fromstring(send("/twiml", f"call_id={call_id}&leg=2")["body"])
    assert (say.text, say.get("language")) == (language("en").one_moment, "en-US")
    assert pause.get("length") == "1"
    assert redirect.text == f"{PUBLIC}/twiml?call_id={call_id}&leg=2"
    again = ET.fromstring(send("/twiml", f"call_id={call_id}&leg=2")["body"])
    assert [verb.tag for verb in again] == ["Connect", "Redirect"]


def claimed(call_id: str, leg: int = 1) -> None:
    wiring.records().update(call_id, lambda c: c.claim_leg(leg, f"MZ{leg}", now(), "task"))


def test_without_a_task_nobody_is_connected_and_a_minute_later_it_says_goodbye(
    call_id: str,
) -> None:
    send("/twiml", f"call_id={call_id}&leg=1")
    claimed(call_id)
    gone = now() - timedelta(minutes=1)
    wiring.ledger().beat(Beat("task-of-the-test", 10, 0, draining=False, at=gone))
    for task in wiring.ledger().fleet().beats:
        wiring.ledger().beat(replace(task, at=gone))
    say, _, redirect = ET.fromstring(send("/twiml", f"call_id={call_id}&leg=2")["body"])
    assert say.tag == "Say"
    assert redirect.text == f"{PUBLIC}/twiml?call_id={call_id}&leg=2"

    wiring.records().update(call_id, lambda c: c.model_copy(update={"waiting_since": gone}))
    said, hung_up = ET.fromstring(send("/twiml", f"call_id={call_id}&leg=2")["body"])
    assert said.text == language("en").technical_goodbye
    assert hung_up.tag == "Hangup"
    assert wiring.records().get(call_id).end_reason is EndReason.FAILED


def test_it_speaks_the_agents_language_until_the_callee_speaks_another(call_id: str) -> None:
    wiring.records().update(call_id, lambda c: c.model_copy(update={"agent": "recordatorio"}))
    say = ET.fromstring(send("/twiml", f"call_id={call_id}&leg=2")["body"])[0]
    assert (say.text, say.get("language")) == (language("es").one_moment, "es-ES")
    wiring.records().update(call_id, lambda c: c.note(SPOKEN, now(), "fr"))
    say = ET.fromstring(send("/twiml", f"call_id={call_id}&leg=11")["body"])[0]
    assert (say.text, say.get("language")) == (language("fr").technical_goodbye, "fr-FR")


def test_whose_agent_is_gone_is_spoken_to_in_english(call_id: str) -> None:
    wiring.records().update(call_id, lambda c: c.model_copy(update={"agent": "gone since"}))
    say = ET.fromstring(send("/twiml", f"call_id={call_id}&leg=11")["body"])[0]
    assert say.text == language("en").technical_goodbye


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"CallStatus": "busy"}, "busy"),
        ({"CallStatus": "no-answer"}, "no_answer"),
        ({"CallStatus": "failed"}, "failed"),
        ({"CallStatus": "canceled"}, "canceled"),
        ({"CallStatus": "completed", "CallDuration": "12"}, "callee_hung_up"),
        ({"CallStatus": "completed", "CallDuration": "600"}, "max_duration"),
    ],
)
def test_every_end_is_recorded_once(call_id: str, form: dict[str, str], reason: str) -> None:
    query = f"call_id={call_id}"
    send("/status", query, {"CallStatus": "ringing"})
    assert send("/status", query, form)["statusCode"] == 204
    ended = wiring.records().get(call_id)
    send("/status", query, {"CallStatus": "completed", "CallDuration": "3"})
    send("/status", query, {"CallStatus": "ringing"})

    assert ended.end_reason == reason
    assert ended.status is Status.ENDED
    assert wiring.records().get(call_id) == ended


def test_the_recordings_end_is_noted(call_id: str) -> None:
    form = {
        "RecordingSid": "RE1", "RecordingStatus": "completed",
        "RecordingDuration": "21", "RecordingChannels": "2",
    }  # fmt: skip
    assert send("/recording-status", f"call_id={call_id}", form)["statusCode"] == 204
    recording = wiring.records().get(call_id).recording
    assert recording is not None
    assert (recording.status, recording.duration_seconds, recording.channels) == (
        "completed",
        21,
        2,
    )


def test_what_twilio_detects_is_in_the_record_once(call_id: str) -> None:
    query = f"call_id={call_id}"
    assert send("/answered-by", query, {"AnsweredBy": "machine_start"})["statusCode"] == 204
    send("/answered-by", query, {"AnsweredBy": "human"})
    send("/answered-by", query, {"AnsweredBy": "a\nmartian"})
    call = wiring.records().get(call_id)
    assert call.answered_by == "voicemail"
    assert [(e.event, e.detail) for e in call.timeline if e.event == "amd"] == [
        ("amd", "machine_start")
    ]


def test_a_stream_error_is_in_the_timeline(call_id: str) -> None:
    send(
        "/stream-status", f"call_id={call_id}&leg=1",
        {"StreamEvent": "stream-error", "StreamError": "31920"},
    )  # fmt: skip
    events = [entry.event for entry in wiring.records().get(call_id).timeline]
    assert events[-1] == "stream_error"


def stream(call_id: str, leg: int, event: str = "stream-error") -> None:
    form = {"StreamEvent": event, "StreamSid": f"MZ{leg}", "StreamError": "31903"}
    assert send("/stream-status", f"call_id={call_id}&leg={leg}", form)["statusCode"] == 204


def redirects(twilio: Twilio) -> list[dict[str, list[str]]]:
    return [form for _, path, form in twilio.requests if path.endswith(f"/{SID}.json")]


@pytest.mark.parametrize("event", ["stream-error", "stream-stopped"])
def test_a_call_whose_stream_is_over_is_pointed_at_its_next_leg_once(
    call_id: str, twilio: Twilio, event: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("functions.twiml.time.sleep", slept.append)
    send("/twiml", f"call_id={call_id}&leg=1")
    claimed(call_id)
    stream(call_id, 1, event)
    (redirect,) = redirects(twilio)
    assert redirect["Url"] == [f"{PUBLIC}/twiml?call_id={call_id}&leg=2"]
    assert sum(slept) == 1

    send("/twiml", f"call_id={call_id}&leg=2")
    stream(call_id, 1, event)  # a second time, late
    claimed(call_id, 2)
    stream(call_id, 1, "stream-stopped")
    assert len(redirects(twilio)) == 1
    assert sum(slept) == 1


def test_a_call_that_twilio_takes_on_by_itself_is_left_to_it(
    call_id: str, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    send("/twiml", f"call_id={call_id}&leg=1")
    claimed(call_id)
    monkeypatch.setattr(
        "functions.twiml.time.sleep", lambda _: send("/twiml", f"call_id={call_id}&leg=2")
    )
    stream(call_id, 1)
    assert redirects(twilio) == []


def leaving(call_id: str, reason: EndReason) -> None:
    send("/twiml", f"call_id={call_id}&leg=1")
    claimed(call_id)
    wiring.records().update(call_id, lambda c: c.will_end(reason))


def test_a_call_that_is_hung_up_on_purpose_is_not_pointed_anywhere(
    call_id: str, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving(call_id, EndReason.AGENT_HUNG_UP)
    # Twilio tells of the stream's end and of the call's at once, and the one may be the faster.
    over = {"CallStatus": "completed", "CallDuration": "30"}
    monkeypatch.setattr(
        "functions.twiml.time.sleep", lambda _: send("/status", f"call_id={call_id}", over)
    )
    stream(call_id, 1, "stream-stopped")
    assert redirects(twilio) == []


def test_a_call_whose_goodbye_broke_off_is_not_left_open(
    call_id: str, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.twiml.time.sleep", lambda _: None)
    leaving(call_id, EndReason.AGENT_HUNG_UP)
    stream(call_id, 1)
    (redirect,) = redirects(twilio)
    assert redirect["Url"] == [f"{PUBLIC}/twiml?call_id={call_id}&leg=2"]
    answer = send("/twiml", f"call_id={call_id}&leg=2")
    assert [verb.tag for verb in ET.fromstring(answer["body"])] == ["Hangup"]


@pytest.mark.parametrize("made", [True, False])
def test_of_a_transfer_whose_stream_broke_twilio_knows_whether_it_was_made(
    call_id: str, twilio: Twilio, monkeypatch: pytest.MonkeyPatch, made: bool
) -> None:
    monkeypatch.setattr("functions.twiml.time.sleep", lambda _: None)
    leaving(call_id, EndReason.TRANSFERRED)
    twilio.answers += [(200, {"calls": [{"sid": "CA9"}] if made else [], "page_size": 1})]
    stream(call_id, 1)
    assert len(redirects(twilio)) == (0 if made else 1)


def test_the_seat_moves_with_the_call(call_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.twiml.time.sleep", lambda _: None)
    seats = []
    for leg in (1, 2, 3):
        send("/twiml", f"call_id={call_id}&leg={leg}")
        claimed(call_id, leg)
        stream(call_id, leg)
        seats.append(wiring.ledger().fleet().used)
    assert seats == [1, 1, 1]
    assert wiring.ledger().free_expired(now()) == []
    assert wiring.ledger().reconcile() == 0
    send("/status", f"call_id={call_id}", {"CallStatus": "completed", "CallDuration": "30"})
    assert wiring.ledger().fleet().used == 0


def test_instructions_that_could_not_be_had_are_asked_for_once_more(
    call_id: str, twilio: Twilio
) -> None:
    (create,) = twilio.creates
    assert create["FallbackUrl"] == create["Url"]
    assert create["FallbackMethod"] == ["POST"]
    assert call_id in create["Url"][0]
