"""What every ledger of seats does: the tests' fake as the one in DynamoDB."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from moto import mock_aws

from calls.adapters import dynamodb_items as items
from calls.adapters.dynamodb import DynamoCallRecords
from calls.adapters.dynamodb_do_not_call import DynamoDoNotCall
from calls.adapters.dynamodb_ledger import DynamoLedger
from calls.attempts import Cap
from calls.call import Call, EndReason, NotQueuedError, Status, Turn
from calls.do_not_call import Listing
from calls.ports import (
    CallNotFoundError,
    CallRecords,
    CapReachedError,
    DoNotCallList,
    Idempotency,
    IdempotencyTakenError,
    Ledger,
    NumberListedError,
)
from calls.seats import Beat, Fleet, NotNowError, Place, find_place
from tests.contract.test_call_records import AT, call
from tests.fakes import FakeCallRecords, FakeDoNotCall, FakeLedger
from tests.integration.conftest import create_table

SECOND = timedelta(seconds=1)
FREE = Cap(AT.date(), 0)
"""As often as one likes."""


@dataclass
class Store:
    """The records and the ledger beside them."""

    records: CallRecords
    ledger: Ledger
    listed: DoNotCallList

    def place(self, capacity: int = 10) -> Place:
        seen = self.ledger.fleet().free_from
        at = seen or AT
        return Place(capacity, seen, at, at + SECOND)

    def seat(self, call_id: str, capacity: int = 10) -> Call | None:
        return self.ledger.seat(call(call_id), self.place(capacity), FREE)

    def end(self, call_id: str) -> Call:
        return self.records.update(call_id, lambda c: c.end(EndReason.BUSY, AT))


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    if request.param == "fake":
        records = FakeCallRecords()
        yield Store(records, FakeLedger(records), FakeDoNotCall(records))
        return
    credentials(monkeypatch)
    with mock_aws():
        create_table("calls")
        yield Store(DynamoCallRecords("calls"), DynamoLedger("calls"), DynamoDoNotCall("calls"))


def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def test_the_last_beat_of_each_task_counts(store: Store) -> None:
    assert store.ledger.fleet() == Fleet((), 0, None)
    first = Beat("a", 10, 0, False, AT)
    last = Beat("a", 10, 3, True, AT + timedelta(microseconds=5_000_001))
    other = Beat("b", 5, 1, False, AT)
    for beat in (first, other, last):
        store.ledger.beat(beat)
    assert sorted(store.ledger.fleet().beats, key=lambda beat: beat.task_id) == [last, other]


def test_record_seat_and_turn_are_taken_together(store: Store) -> None:
    assert store.seat("01A") == call("01A")
    assert store.records.get("01A") == call("01A")
    assert store.records.open_calls() == ["01A"]
    assert store.ledger.fleet() == Fleet((), 1, AT + SECOND)


def test_a_place_that_is_gone_takes_nothing(store: Store) -> None:
    early = store.place()
    store.seat("01A")
    assert store.ledger.seat(call("01B"), early, FREE) is None
    assert store.seat("01B", capacity=1) is None
    with pytest.raises(CallNotFoundError):
        store.records.get("01B")
    assert store.ledger.fleet() == Fleet((), 1, AT + SECOND)


def test_the_end_of_a_call_gives_its_seat_back_once(store: Store) -> None:
    store.seat("01A")
    store.seat("01B")
    store.records.update("01A", lambda c: c.bind("CA1"))
    assert store.ledger.fleet().used == 2
    for _ in range(2):
        store.end("01A")
    assert store.ledger.fleet().used == 1
    assert store.records.open_calls() == ["01B"]


def test_a_key_takes_one_seat(store: Store) -> None:
    key = Idempotency("crm", "order-1", "hash")
    store.records.check_unused(key)
    assert store.ledger.seat(call("01A"), store.place(), FREE, key)
    # Even where there is no seat either: the key is what the caller is told of.
    for capacity in (10, 1):
        with pytest.raises(IdempotencyTakenError) as caught:
            store.ledger.seat(call("01B"), store.place(capacity), FREE, key)
        assert caught.value.call_id == "01A"
    with pytest.raises(IdempotencyTakenError):
        store.records.check_unused(key)
    assert store.ledger.fleet().used == 1


def test_a_queued_call_takes_its_seat_later_and_once(store: Store) -> None:
    queued = call("01A").model_copy(update={"status": Status.QUEUED})
    store.records.create(queued)
    assert store.ledger.fleet().used == 0
    assert store.ledger.seat_queued("01A", lambda c: c.dial(AT), store.place(0), FREE) is None
    taken = store.ledger.seat_queued("01A", lambda c: c.dial(AT), store.place(), FREE)
    assert taken is not None
    assert store.records.get("01A") == taken == queued.dial(AT)
    with pytest.raises(NotQueuedError):
        store.ledger.seat_queued("01A", lambda c: c.dial(AT), store.place(), FREE)
    assert store.ledger.fleet().used == 1
    store.end("01A")
    assert store.ledger.fleet().used == 0


def test_a_queued_call_that_ends_gives_nothing_back(store: Store) -> None:
    store.records.create(call("01A").model_copy(update={"status": Status.QUEUED}))
    store.end("01A")
    assert store.ledger.fleet().used == 0


def test_a_listed_number_gets_no_seat(store: Store) -> None:
    to = call("01A").to_number
    store.listed.put(Listing(number=to, listed_at=AT, source="api"))
    with pytest.raises(NumberListedError):
        store.seat("01A")
    store.records.create(call("01B").model_copy(update={"status": Status.QUEUED}))
    with pytest.raises(NumberListedError):
        store.ledger.seat_queued("01B", lambda c: c.dial(AT), store.place(), FREE)
    assert store.ledger.fleet().used == 0

    assert store.listed.remove(to)
    assert store.seat("01A")


def test_a_number_gets_so_many_seats_in_a_day_and_no_more(store: Store) -> None:
    to, today = call("01A").to_number, Cap(AT.date(), 2)
    assert store.ledger.attempts(to, today.day) == 0
    for call_id in ("01A", "01B"):
        assert store.ledger.seat(call(call_id), store.place(), today)
        store.end(call_id)
    with pytest.raises(CapReachedError):
        store.ledger.seat(call("01C"), store.place(), today)
    assert store.ledger.attempts(to, today.day) == 2
    assert store.ledger.fleet().used == 0

    tomorrow = Cap(AT.date() + timedelta(days=1), 2)
    assert store.ledger.seat(call("01C"), store.place(), tomorrow)


def test_a_repeated_request_is_known_whatever_the_rules_say_by_now(store: Store) -> None:
    key = Idempotency("crm", "k", "sha")
    once = Cap(AT.date(), 1)
    assert store.ledger.seat(call("01A"), store.place(), once, key)
    store.listed.put(Listing(number=call("01A").to_number, listed_at=AT, source="api"))
    with pytest.raises(IdempotencyTakenError):
        store.ledger.seat(call("01B"), store.place(), once, key)


def test_what_was_not_given_back_in_time_is_taken_back_once(store: Store) -> None:
    store.seat("01A")
    store.ledger.seat(call("01B", AT + timedelta(seconds=1)), store.place(), FREE)
    until = call("01A").stream_until
    assert store.ledger.free_expired(until - SECOND) == []
    assert store.ledger.free_expired(until) == ["01A"]
    assert store.ledger.free_expired(until) == []
    store.end("01A")
    assert store.ledger.fleet().used == 1
    assert store.ledger.reconcile() == 0


@pytest.mark.parametrize(("counted", "too_many"), [("7", 6), ("-1", -2)])
def test_a_wrong_count_is_set_right(
    monkeypatch: pytest.MonkeyPatch, counted: str, too_many: int
) -> None:
    credentials(monkeypatch)
    with mock_aws():
        create_table("calls")
        store = Store(DynamoCallRecords("calls"), DynamoLedger("calls"), DynamoDoNotCall("calls"))
        assert store.ledger.reconcile() == 0
        store.seat("01A")
        item = {**items.SEATS, "used": {"N": counted}, "moves": {"N": "1"}}
        boto3.client("dynamodb").put_item(TableName="calls", Item=item)
        assert store.ledger.reconcile() == too_many
        assert store.ledger.fleet().used == 1


def test_seats_that_move_while_they_are_counted_are_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    credentials(monkeypatch)
    with mock_aws():
        create_table("calls")
        ledger = DynamoLedger("calls")
        store = Store(DynamoCallRecords("calls"), ledger, DynamoDoNotCall("calls"))
        store.seat("01A")
        query = ledger._query

        def one_more_meanwhile(*given: Any) -> Any:
            found = query(*given)
            monkeypatch.setattr(ledger, "_query", query)
            store.seat("01B")
            return found[1:]

        monkeypatch.setattr(ledger, "_query", one_more_meanwhile)
        assert ledger.reconcile() == 0
        assert ledger.fleet().used == 2


def conflicting(*reasons: str) -> dict[str, Any]:
    return {
        "service_error_code": "TransactionCanceledException",
        "modeled_fields": {"CancellationReasons": [{"Code": reason} for reason in reasons]},
    }


def test_another_transaction_on_the_same_item_is_a_race_lost_and_no_error() -> None:
    # No emulator has it: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference
    client = boto3.client(
        "dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    place = Place(10, None, AT, AT + SECOND)
    with Stubber(client) as stub:
        stub.add_client_error("transact_write_items", **conflicting("TransactionConflict", "None"))
        assert DynamoLedger("calls", client).seat(call("01A"), place, FREE) is None
        # An end tries again until it is through.
        kept = {"Item": items.record(call("01A"), 1)}
        for attempt in range(3):
            stub.add_response("get_item", kept)
            stub.add_response("get_item", {"Item": items.lease_key("01A")})
            if attempt < 2:
                stub.add_client_error(
                    "transact_write_items", **conflicting("None", "TransactionConflict")
                )
        stub.add_response("transact_write_items", {})
        records = DynamoCallRecords("calls", client)
        assert records.update("01A", lambda c: c.end(EndReason.BUSY, AT)).ended
        stub.add_client_error("transact_write_items", **conflicting("TransactionConflict"))
        stub.add_response("transact_write_items", {})
        records.create(call("01B"))
        stub.assert_no_pending_responses()


def test_a_transaction_for_which_the_table_had_no_room_is_tried_again() -> None:
    # Of single requests the SDK does that itself; of a transaction's steps it does not look.
    client = boto3.client(
        "dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    records = DynamoCallRecords("calls", client)
    with Stubber(client) as stub:
        for code in ("ThrottlingError", "ProvisionedThroughputExceeded"):
            stub.add_client_error("transact_write_items", **conflicting("None", code))
        stub.add_response("transact_write_items", {})
        records.append_turn("01A", 1, Turn(number=1, role="agent", text="Hi", at=AT))
        stub.add_client_error("transact_write_items", **conflicting("None", "ValidationError"))
        with pytest.raises(ClientError):
            records.append_turn("01A", 1, Turn(number=2, role="agent", text="Hi", at=AT))
        stub.assert_no_pending_responses()


class LedgerMachine(RuleBasedStateMachine):
    """Tasks come, go and fall silent; calls are dialled, queued, end, or are forgotten."""

    CAP, TASKS = 8, ("a", "b", "c")

    def __init__(self) -> None:
        super().__init__()
        self.mock: Any = None
        self.at = AT
        self.number = 0
        self.seated: dict[str, datetime] = {}
        self.queued: list[str] = []
        self.slots: list[datetime] = []
        self.beats: dict[str, Beat] = {}

    def open(self) -> Store:
        records = FakeCallRecords()
        return Store(records, FakeLedger(records), FakeDoNotCall(records))

    @initialize()
    def start(self) -> None:
        self.store = self.open()

    @rule(task=st.sampled_from(TASKS), seats=st.integers(1, 6), draining=st.booleans())
    def beat(self, task: str, seats: int, draining: bool) -> None:
        self.beats[task] = Beat(task, seats, 0, draining, self.at)
        self.store.ledger.beat(self.beats[task])

    @rule(seconds=st.sampled_from([0.1, 1, 6, 16, 400]))
    def time_passes(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def _place(self) -> Place | None:
        before = len(self.seated)
        capacity = sum(
            beat.seats
            for beat in self.beats.values()
            if not beat.draining and self.at - beat.at < timedelta(seconds=15)
        )
        until = self.at + timedelta(seconds=3)
        fleet = self.store.ledger.fleet()
        try:
            place = find_place(fleet, self.at, per_second=2, most=self.CAP, until=until)
        except NotNowError:
            return None
        assert before < min(capacity, self.CAP)
        return place

    def _is_seated(self, made: Call, place: Place) -> None:
        self.seated[made.call_id] = made.stream_until
        self.slots.append(place.at)

    @rule()
    def dial(self) -> None:
        place = self._place()
        if place:
            self.number += 1
            made = self.store.ledger.seat(call(f"{self.number:04}", self.at), place, FREE)
            assert made
            self._is_seated(made, place)

    @rule()
    def two_dial_for_one_place(self) -> None:
        place = self._place()
        if place:
            self.number += 2
            first, second = (call(f"{self.number - n:04}", self.at) for n in (1, 0))
            made = self.store.ledger.seat(first, place, FREE)
            assert made
            self._is_seated(made, place)
            assert self.store.ledger.seat(second, place, FREE) is None
            self.store.records.create(second.model_copy(update={"status": Status.QUEUED}))
            self.queued.append(second.call_id)

    @rule(capacity=st.integers(0, CAP))
    def somebody_phones_us(self, capacity: int) -> None:
        self.number += 1
        coming = call(f"{self.number:04}", self.at)
        key = Idempotency("twilio", coming.call_id, "")
        made = self.store.ledger.admit(coming, capacity, key)
        assert (made is not None) == (len(self.seated) < capacity)
        if made:
            self.seated[coming.call_id] = coming.stream_until
        else:
            self.number -= 1

    @rule()
    def queue(self) -> None:
        self.number += 1
        made = call(f"{self.number:04}", self.at).model_copy(update={"status": Status.QUEUED})
        self.store.records.create(made)
        self.queued.append(made.call_id)

    @precondition(lambda self: self.queued)
    @rule(data=st.data())
    def dial_queued(self, data: st.DataObject) -> None:
        place = self._place()
        if place:
            call_id = data.draw(st.sampled_from(self.queued))
            made = self.store.ledger.seat_queued(call_id, lambda c: c.dial(self.at), place, FREE)
            assert made
            self.queued.remove(call_id)
            self._is_seated(made, place)

    @precondition(lambda self: self.number)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        # Again too, and also those whose seat was taken back.
        call_id = f"{data.draw(st.integers(1, self.number)):04}"
        self.store.end(call_id)
        self.seated.pop(call_id, None)
        if call_id in self.queued:
            self.queued.remove(call_id)

    @rule()
    def sweep(self) -> None:
        late = {call_id for call_id, until in self.seated.items() if until <= self.at}
        assert set(self.store.ledger.free_expired(self.at)) == late
        for call_id in late:
            del self.seated[call_id]
        assert self.store.ledger.reconcile() == 0

    @invariant()
    def every_seat_is_counted(self) -> None:
        if hasattr(self, "store"):
            assert self.store.ledger.fleet().used == len(self.seated)

    @invariant()
    def calls_keep_their_distance(self) -> None:
        pairs = zip(self.slots, self.slots[1:], strict=False)
        assert all(later - earlier >= timedelta(seconds=0.5) for earlier, later in pairs)


class DynamoLedgerMachine(LedgerMachine):
    """The same, in DynamoDB as moto has it."""

    def open(self) -> Store:
        self.mock = mock_aws()
        self.mock.start()
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_table("calls", client)
        return Store(
            DynamoCallRecords("calls", client),
            DynamoLedger("calls", client),
            DynamoDoNotCall("calls", client),
        )

    def teardown(self) -> None:
        if self.mock:
            self.mock.stop()


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = hypothesis_settings(max_examples=100, deadline=None)
TestDynamoLedgerMachine = DynamoLedgerMachine.TestCase
TestDynamoLedgerMachine.settings = hypothesis_settings(
    max_examples=10, stateful_step_count=30, deadline=None
)
