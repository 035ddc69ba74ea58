"""Placing calls, against fakes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from calls import agents
from calls.answering import Answering
from calls.call import EndReason, Status
from calls.dial_request import DialRequest
from calls.dialing import Dialer
from calls.do_not_call import Listing
from calls.ports import TelephonyError
from calls.refused import (
    CallNotPlacedError,
    DialRefusedError,
    IdempotencyConflictError,
    RuleRefusedError,
)
from calls.seats import Beat, Fleet
from calls.settings import Settings
from tests.clock import Clock
from tests.fakes import (
    FakeCallRecords,
    FakeDialQueue,
    FakeDoNotCall,
    FakeLedger,
    FakeTelephony,
)

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
REQUEST = DialRequest(to_number="+15550100001", from_number="+15550000001")


def dialer(telephony: FakeTelephony, **settings: object) -> Dialer:
    chosen = Settings.model_validate(
        {
            "DIALOUT_PUBLIC_API_URL": "https://api.test/",
            "DIALOUT_PUBLIC_WS_URL": "wss://media.test/ws",
            "DIALOUT_CALLING_WINDOW": "00:00-24:00",
            **settings,
        }
    )
    records = FakeCallRecords()
    ledger = FakeLedger(records)
    ledger.beat(Beat("task", seats=10, live=0, draining=False, at=AT))
    clock = Clock(AT)
    listed = FakeDoNotCall(records)
    return Dialer(records, ledger, listed, telephony, FakeDialQueue(), chosen, clock, clock.sleep)


def test_the_record_is_there_before_it_rings() -> None:
    telephony = FakeTelephony()
    placing = dialer(telephony)
    call = placing.dial(REQUEST, api_key="crm", idempotency_key=None).call

    assert placing.records.get(call.call_id) == call
    assert (call.status, call.api_key) == (Status.DIALING, "crm")
    assert call.call_sid == f"CA{1:032}"
    assert call.stream_until == AT + timedelta(seconds=60 + 600 + 60)
    assert telephony.created[0]["url"] == f"https://api.test/twiml?call_id={call.call_id}&leg=1"


def test_twilios_detection_is_asked_for_where_the_agent_wants_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    telephony = FakeTelephony()
    dialer(telephony).dial(REQUEST, api_key="crm", idempotency_key=None)
    assert "answered_by_callback" not in telephony.created[0]
    wants = agents.load("amelia").model_copy(update={"answering": Answering(amd=True)})
    monkeypatch.setattr(agents, "load", lambda *_: wants)
    call = dialer(telephony).dial(REQUEST, api_key="crm", idempotency_key=None).call
    callback = telephony.created[1]["answered_by_callback"]
    assert callback == f"https://api.test/answered-by?call_id={call.call_id}"


def test_a_call_is_never_longer_than_the_settings_allow() -> None:
    telephony = FakeTelephony()
    asked = REQUEST.model_copy(update={"max_call_seconds": 1200})
    call = dialer(telephony).dial(asked, api_key="crm", idempotency_key=None).call
    assert call.max_call_seconds == 600
    assert telephony.created[0]["max_call_seconds"] == 600


@pytest.mark.parametrize(
    ("request_", "settings", "words"),
    [
        (REQUEST, {"DIALOUT_PUBLIC_WS_URL": ""}, "DIALOUT_PUBLIC_WS_URL"),
        (DialRequest(to_number="+15550100001"), {}, "DIALOUT_DEFAULT_FROM_NUMBER"),
        (
            DialRequest(to_number="+15550100001"),
            {"DIALOUT_DEFAULT_FROM_NUMBER": "+15550100001"},
            "number that calls",
        ),
        (REQUEST.model_copy(update={"agent": "nobody"}), {}, "no agent 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_happens(
    request_: DialRequest, settings: dict[str, object], words: str
) -> None:
    telephony = FakeTelephony()
    with pytest.raises(DialRefusedError, match=words):
        dialer(telephony, **settings).dial(request_, api_key="crm", idempotency_key=None)
    assert telephony.created == []


@pytest.mark.parametrize(
    ("changes", "settings", "code", "allowed_at"),
    [
        ({"to_number": "+4930901820"}, {}, "country_not_allowed", None),
        ({}, {"DIALOUT_ALLOWED_COUNTRIES": "DE, fr"}, "country_not_allowed", None),
        # 12:00 UTC is four in the morning in Los Angeles.
        (
            {},
            {"DIALOUT_CALLING_WINDOW": "08:00-21:00"},
            "quiet_hours",
            datetime(2026, 11, 22, 16, tzinfo=UTC),
        ),
        (
            {"time_zone": "Asia/Tokyo"},
            {"DIALOUT_CALLING_WINDOW": "08:00-21:00"},
            "quiet_hours",
            datetime(2026, 11, 22, 23, tzinfo=UTC),
        ),
    ],
)
def test_a_rule_says_which_it_is_and_when_it_would_allow_the_call(
    changes: dict[str, str], settings: dict[str, object], code: str, allowed_at: datetime | None
) -> None:
    telephony = FakeTelephony()
    asked = DialRequest.model_validate({**REQUEST.model_dump(), **changes})
    with pytest.raises(RuleRefusedError) as caught:
        dialer(telephony, **settings).dial(asked, api_key="crm", idempotency_key=None)
    assert (caught.value.code, caught.value.allowed_at) == (code, allowed_at)
    assert telephony.created == []


@pytest.mark.parametrize(
    ("changes", "settings"),
    [
        ({"to_number": "+4930901820"}, {"DIALOUT_ALLOWED_COUNTRIES": "US,DE"}),
        ({"time_zone": "Europe/Berlin"}, {"DIALOUT_CALLING_WINDOW": "08:00-21:00"}),
    ],
)
def test_what_the_rules_allow_is_dialled(
    changes: dict[str, str], settings: dict[str, object]
) -> None:
    telephony = FakeTelephony()
    asked = DialRequest.model_validate({**REQUEST.model_dump(), **changes})
    dialer(telephony, **settings).dial(asked, api_key="crm", idempotency_key=None)
    assert len(telephony.created) == 1


def test_a_zone_that_there_is_not_is_bad_input() -> None:
    asked = REQUEST.model_copy(update={"time_zone": "Mars/Base"})
    with pytest.raises(DialRefusedError, match="no such zone"):
        dialer(FakeTelephony()).dial(asked, api_key="crm", idempotency_key=None)


def test_one_key_one_call() -> None:
    telephony = FakeTelephony()
    placing = dialer(telephony)
    first = placing.dial(REQUEST, api_key="crm", idempotency_key="k")
    again = placing.dial(REQUEST, api_key="crm", idempotency_key="k")
    others = placing.dial(REQUEST, api_key="survey", idempotency_key="k")

    assert (first.replayed, again.replayed, others.replayed) == (False, True, False)
    assert again.call == first.call
    assert len(telephony.created) == 2
    with pytest.raises(IdempotencyConflictError):
        placing.dial(
            REQUEST.model_copy(update={"metadata": {"a": "b"}}), api_key="crm", idempotency_key="k"
        )


def test_a_refused_call_is_failed_and_stays_so_for_its_key() -> None:
    telephony = FakeTelephony(error=TelephonyError("Twilio refused", code=21211))
    placing = dialer(telephony)
    for _ in range(2):
        with pytest.raises(CallNotPlacedError) as caught:
            placing.dial(REQUEST, api_key="crm", idempotency_key="k")
        assert caught.value.code == 21211
    record = placing.records.get(caught.value.call_id)
    assert (record.status, record.end_reason) == (Status.ENDED, EndReason.FAILED)
    assert placing.ledger.fleet().used == 0
    assert len(telephony.created) == 1


def test_a_create_that_nobody_knows_of_is_left_open() -> None:
    placing = dialer(FakeTelephony(error=TelephonyError("lost", ambiguous=True)))
    with pytest.raises(CallNotPlacedError) as caught:
        placing.dial(REQUEST, api_key="crm", idempotency_key=None)
    record = placing.records.get(caught.value.call_id)
    assert placing.ledger.fleet().used == 1
    assert record.status is Status.DIALING
    assert record.timeline[-1].event == "create_unanswered"
    assert record.bind("CA9").call_sid == "CA9"


def test_who_is_listed_is_phoned_by_nobody() -> None:
    telephony = FakeTelephony()
    placing = dialer(telephony)
    placing.do_not_call.put(Listing(number="+15550100001", listed_at=AT, source="api"))
    with pytest.raises(RuleRefusedError, match="do-not-call"):
        placing.dial(REQUEST, api_key="crm", idempotency_key=None)
    assert telephony.created == []


def test_who_is_listed_while_they_are_being_dialled_is_not_phoned() -> None:
    """Between the look at the seats and the seat: the transaction has the last word."""
    telephony = FakeTelephony()
    placing = dialer(telephony)
    listing = Listing(number="+15550100001", listed_at=AT, source="api")

    class Late(FakeLedger):
        def fleet(self) -> Fleet:
            placing.do_not_call.put(listing)
            return super().fleet()

    assert isinstance(placing.records, FakeCallRecords)
    late = Late(placing.records)
    late.beat(Beat("task", seats=10, live=0, draining=False, at=AT))
    racing = replace(placing, ledger=late)
    with pytest.raises(RuleRefusedError, match="do-not-call"):
        racing.dial(REQUEST, api_key="crm", idempotency_key="k")
    assert telephony.created == []
    assert placing.ledger.fleet().used == 0


def test_who_is_listed_is_told_before_anything_else() -> None:
    """Before the hour, and before that every seat is taken."""
    for settings in (
        {"DIALOUT_CALLING_WINDOW": "04:00-04:01"}, {"DIALOUT_MAX_CALLS_PER_NUMBER_PER_DAY": 0},
    ):  # fmt: skip
        placing = dialer(FakeTelephony(), **settings)
        placing.ledger.beat(Beat("task", seats=0, live=0, draining=False, at=AT))
        placing.do_not_call.put(Listing(number="+15550100001", listed_at=AT, source="api"))
        with pytest.raises(RuleRefusedError) as caught:
            placing.dial(REQUEST, api_key="crm", idempotency_key="k")
        assert caught.value.code == "do_not_call"
        waiting = REQUEST.model_copy(update={"wait": True})
        with pytest.raises(RuleRefusedError, match="do-not-call"):
            placing.dial(waiting, api_key="crm", idempotency_key="k")
    assert placing.records.open_calls() == []


def test_a_call_that_is_allowed_is_placed_without_a_look_at_its_number() -> None:
    """Each look is a way to the table and back, while whoever asked waits."""

    class Unseen(FakeDoNotCall):
        def get(self, number: str) -> Listing | None:
            raise AssertionError("looked at the list")

    telephony = FakeTelephony()
    placing = dialer(telephony)
    assert isinstance(placing.records, FakeCallRecords)
    unseen = replace(placing, do_not_call=Unseen(placing.records))
    unseen.dial(REQUEST, api_key="crm", idempotency_key="k")
    assert len(telephony.created) == 1


def test_a_number_is_dialled_so_often_a_day() -> None:
    telephony = FakeTelephony()
    placing = dialer(telephony, DIALOUT_MAX_CALLS_PER_NUMBER_PER_DAY=2)
    for key in ("a", "b"):
        placing.dial(REQUEST, api_key="crm", idempotency_key=key)
    with pytest.raises(RuleRefusedError) as caught:
        placing.dial(REQUEST, api_key="crm", idempotency_key="c")
    assert caught.value.code == "too_frequent"
    assert placing.dial(REQUEST, api_key="crm", idempotency_key="a").replayed
    assert len(telephony.created) == 2


def test_a_dry_run_explains_and_phones_nobody() -> None:
    telephony = FakeTelephony()
    placing = dialer(telephony, DIALOUT_CALLING_WINDOW="08:00-21:00")
    placing.do_not_call.put(Listing(number="+15550100001", listed_at=AT, source="api"))
    asked = REQUEST.model_copy(update={"time_zone": "Asia/Tokyo"})
    told = placing.explain(asked, api_key="crm")

    assert not told.would_dial
    assert told.time_zones == ["Asia/Tokyo"]
    assert told.free_seats == 10
    assert told.greeting is not None
    assert "AI assistant" in told.greeting
    forbidding = {rule.rule: rule.allowed_at for rule in told.rules if not rule.allows}
    assert forbidding == {
        "do_not_call": None,
        "quiet_hours": datetime(2026, 11, 22, 23, tzinfo=UTC),
    }
    assert telephony.created == []
    assert placing.records.open_calls() == []
