"""What every keeper of call records does: the tests' fake as the DynamoDB adapter."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Lock, Thread
from typing import Any

import pytest
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from calls.adapters.dynamodb import DynamoCallRecords
from calls.call import Call, EndReason, Status, Turn
from calls.ports import (
    CallNotFoundError,
    CallRecords,
    FencedError,
    Idempotency,
    IdempotencyTakenError,
)
from tests.fakes import FakeCallRecords
from tests.integration.conftest import create_table

# Now, since what has expired is not read any more.
AT = datetime.now(UTC).replace(hour=12, microsecond=0)


def call(call_id: str, at: datetime = AT) -> Call:
    return Call(
        call_id=call_id,
        status=Status.DIALING,
        to_number="+15550100001",
        from_number="+15550000001",
        agent="amelia",
        variables={"a": 1.5, "b": "ü", "c": True},
        api_key="tests",
        created_at=at,
        max_call_seconds=600,
        stream_until=at + timedelta(seconds=720),
    )


@pytest.fixture(params=["fake", "dynamodb"])
def records(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CallRecords]:
    if request.param == "fake":
        yield FakeCallRecords()
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        create_table("calls")
        yield DynamoCallRecords("calls")


def test_what_is_kept_comes_back(records: CallRecords) -> None:
    records.create(call("01A"))
    assert records.get("01A") == call("01A")
    with pytest.raises(CallNotFoundError):
        records.get("01B")
    with pytest.raises(CallNotFoundError):
        records.update("01B", lambda c: c)


def test_a_change_is_put_in_place_and_an_error_in_it_writes_nothing(records: CallRecords) -> None:
    records.create(call("01A"))
    changed = records.update("01A", lambda c: c.bind("CA1"))
    assert changed.call_sid == "CA1"

    def fail(_: Call) -> Call:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        records.update("01A", fail)
    assert records.get("01A") == changed


def test_a_change_of_what_was_just_created_loses_no_other(records: CallRecords) -> None:
    created = call("01A")
    records.create(created)
    first = records.update("01A", lambda c: c.bind("CA1"), created=created)
    assert records.get("01A") == first
    # Twilio's callback may have been faster than Twilio's answer.
    second = records.update("01A", lambda c: c.note("answered", AT), created=created)
    assert second.call_sid == "CA1"
    assert records.get("01A") == second


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB does what one request asks at once; moto lets another in between check and write."""
    take, lock = BotocoreStubber.process_request, Lock()

    def taken(self: BotocoreStubber, request: Any) -> Any:
        with lock:
            return take(self, request)

    monkeypatch.setattr(BotocoreStubber, "process_request", taken)


@pytest.mark.usefixtures("one_by_one")
def test_changes_side_by_side_are_all_kept(records: CallRecords) -> None:
    records.create(call("01A"))
    threads = [
        Thread(target=records.update, args=("01A", lambda c, n=n: c.note(f"event-{n}", AT)))
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = {entry.event for entry in records.get("01A").timeline}
    assert events == {f"event-{n}" for n in range(6)}


def test_turns_come_in_order_and_a_fenced_leg_cannot_write(records: CallRecords) -> None:
    records.create(call("01A"))
    records.update("01A", lambda c: c.claim_leg(1, "MZ1", AT))
    for number in (2, 1, 10):
        records.append_turn("01A", 1, Turn(number=number, role="agent", text="x", at=AT))
    records.append_turn("01A", 1, Turn(number=2, role="agent", text="y", at=AT))
    records.update("01A", lambda c: c.claim_leg(2, "MZ2", AT))
    with pytest.raises(FencedError):
        records.append_turn("01A", 1, Turn(number=11, role="agent", text="late", at=AT))

    assert [(turn.number, turn.text) for turn in records.turns("01A")] == [
        (1, "x"), (2, "y"), (10, "x"),
    ]  # fmt: skip
    assert records.turns("01B") == []


def test_one_key_makes_one_call(records: CallRecords) -> None:
    key = Idempotency("crm", "order-1", "hash")
    records.create(call("01A"), key)
    with pytest.raises(IdempotencyTakenError) as caught:
        records.create(call("01B"), key)
    assert (caught.value.call_id, caught.value.request_sha256) == ("01A", "hash")
    with pytest.raises(CallNotFoundError):
        records.get("01B")
    records.create(call("01C"), Idempotency("survey", "order-1", "hash"))


def test_some_calls_are_read_at_once_in_the_order_that_they_are_asked_for_in(
    records: CallRecords,
) -> None:
    made = [f"01{number:03}" for number in range(120)]
    for call_id in made:
        records.create(call(call_id))
    asked = [*reversed(made), "01GONE"]
    assert [found.call_id for found in records.among(asked)] == asked[:-1]
    assert records.among([]) == []


def test_open_calls_are_those_that_have_not_ended(records: CallRecords) -> None:
    for call_id in ("01B", "01A", "01C"):
        records.create(call(call_id))
    records.update("01A", lambda c: c.end(EndReason.BUSY, AT))
    records.update("01A", lambda c: c.end(EndReason.BUSY, AT))
    records.update("01C", lambda c: c.bind("CA1"))

    assert records.open_calls() == ["01B", "01C"]
    assert records.get("01A").ended


def test_a_days_calls_come_newest_first(records: CallRecords) -> None:
    for call_id, at in [("01A", AT), ("01B", AT), ("01C", AT), ("00Z", AT - timedelta(days=1))]:
        records.create(call(call_id, at), Idempotency("crm", call_id, "hash"))
    day = AT.date()

    assert [c.call_id for c in records.newest(day, limit=10)] == ["01C", "01B", "01A"]
    assert [c.call_id for c in records.newest(day, limit=1)] == ["01C"]
    assert [c.call_id for c in records.newest(day, limit=10, before="01C")] == ["01B", "01A"]
