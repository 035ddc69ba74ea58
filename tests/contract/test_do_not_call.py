"""What every do-not-call list does: the tests' fake as the one in DynamoDB."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from moto import mock_aws

from calls.adapters.dynamodb import DynamoCallRecords
from calls.adapters.dynamodb_do_not_call import DynamoDoNotCall
from calls.call import Call, EndReason
from calls.do_not_call import Listing
from calls.ports import CallNotFoundError, CallRecords, DoNotCallList, FencedError
from tests.contract.test_call_records import AT, call
from tests.contract.test_ledger import credentials
from tests.fakes import FakeCallRecords, FakeDoNotCall
from tests.integration.conftest import create_table

TOM = "+15550100002"
LISTING = Listing(number=TOM, listed_at=AT, source="api", reason="by letter")


@dataclass
class Store:
    """The list, and the records beside it."""

    records: CallRecords
    listed: DoNotCallList


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    if request.param == "fake":
        records = FakeCallRecords()
        yield Store(records, FakeDoNotCall(records))
        return
    credentials(monkeypatch)
    with mock_aws():
        create_table("calls")
        yield Store(DynamoCallRecords("calls"), DynamoDoNotCall("calls"))


def test_a_number_is_listed_until_it_is_taken_off(store: Store) -> None:
    assert store.listed.get(TOM) is None
    assert store.listed.put(LISTING) == LISTING
    assert store.listed.get(TOM) == LISTING
    assert store.listed.remove(TOM)
    assert not store.listed.remove(TOM)
    assert store.listed.get(TOM) is None


def test_the_first_listing_stands(store: Store) -> None:
    store.listed.put(LISTING)
    later = LISTING.model_copy(update={"listed_at": AT + timedelta(days=1), "source": "speech"})
    assert store.listed.put(later) == LISTING
    assert store.listed.get(TOM) == LISTING


def test_many_numbers_are_asked_for_at_once(store: Store) -> None:
    numbers = [f"+1555010{each:04}" for each in range(250)]
    listed = {numbers[0], numbers[99], numbers[100], numbers[249]}
    for number in [*listed, "+15550199999"]:
        store.listed.put(LISTING.model_copy(update={"number": number}))
    assert store.listed.among([*numbers, numbers[0]]) == listed
    assert store.listed.among([]) == set()


def test_the_list_is_read_in_pages(store: Store) -> None:
    numbers = [f"+1555010000{n}" for n in (3, 1, 2)]
    for number in numbers:
        store.listed.put(LISTING.model_copy(update={"number": number}))
    first = store.listed.page(limit=2)
    rest = store.listed.page(limit=2, after=first[-1].number)
    assert [listing.number for listing in first + rest] == sorted(numbers)


def opted_out(c: Call) -> Call:
    return c.will_end(EndReason.OPTED_OUT)


def test_who_opts_out_is_listed_and_their_call_ends_so(store: Store) -> None:
    store.records.create(call("01A"))
    told = LISTING.model_copy(update={"source": "keypress", "call_id": "01A"})
    changed = store.listed.opt_out("01A", opted_out, told)
    assert changed == store.records.get("01A")
    assert changed.end_reason is EndReason.OPTED_OUT
    assert store.listed.get(TOM) == told

    # Again, as by a key that is pressed twice.
    assert store.listed.opt_out("01A", opted_out, told) == changed


def test_a_listed_number_opts_out_all_the_same(store: Store) -> None:
    store.records.create(call("01A"))
    store.listed.put(LISTING)
    told = LISTING.model_copy(update={"source": "keypress", "call_id": "01A"})
    assert store.listed.opt_out("01A", opted_out, told).end_reason is EndReason.OPTED_OUT
    assert store.listed.get(TOM) == LISTING


def test_nobody_is_listed_by_a_call_that_is_not_ones_own(store: Store) -> None:
    store.records.create(call("01A"))

    def fenced(_: Call) -> Call:
        raise FencedError("01A")

    with pytest.raises(FencedError):
        store.listed.opt_out("01A", fenced, LISTING)
    with pytest.raises(CallNotFoundError):
        store.listed.opt_out("01B", opted_out, LISTING)
    assert store.listed.get(TOM) is None
