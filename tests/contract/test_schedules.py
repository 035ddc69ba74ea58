"""What every store of schedules does: the tests' fake as the one in DynamoDB."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import time_machine
from botocore.stub import Stubber
from moto import mock_aws

from calls.adapters.dynamodb import ContentionError
from calls.adapters.dynamodb_schedules import DynamoSchedules
from calls.ports import Idempotency, ScheduleNotFoundError, Schedules, ScheduleTakenError
from calls.schedule import Schedule, ScheduleRequest, State
from tests.contract.test_ledger import conflicting, credentials
from tests.fakes import FakeSchedules
from tests.integration.conftest import create_table

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SARAH, TOM = "+15550100001", "+15550100002"


def schedule(number: int, to: str = SARAH, **times: Any) -> Schedule:
    asked = ScheduleRequest.model_validate(
        {**(times or {"rate": "1 day"}), "time_zone": "UTC", "request": {"to_number": to}}
    )
    return Schedule(
        schedule_id=f"01J{number:023}", when=asked.when, request=asked.request,
        created_at=AT, updated_at=AT, api_key="crm",
    )  # fmt: skip


@pytest.fixture(params=["fake", "dynamodb"])
def schedules(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Schedules]:
    if request.param == "fake":
        yield FakeSchedules()
        return
    credentials(monkeypatch)
    with mock_aws(), time_machine.travel(AT, tick=False):
        create_table("calls")
        yield DynamoSchedules("calls")


def paused(one: Schedule) -> Schedule:
    return one.model_copy(update={"state": State.PAUSED})


def test_what_is_kept_is_found_and_changed(schedules: Schedules) -> None:
    with pytest.raises(ScheduleNotFoundError):
        schedules.get(schedule(1).schedule_id)
    schedules.create(schedule(1))
    assert schedules.get(schedule(1).schedule_id) == schedule(1)
    assert schedules.update(schedule(1).schedule_id, paused) == paused(schedule(1))
    assert schedules.update(schedule(1).schedule_id, paused) == paused(schedule(1))
    assert schedules.get(schedule(1).schedule_id).state is State.PAUSED
    assert schedules.newest(limit=5) == [paused(schedule(1))]
    with pytest.raises(ScheduleNotFoundError):
        schedules.update(schedule(2).schedule_id, paused)


def test_what_a_change_raises_comes_out_and_writes_nothing(schedules: Schedules) -> None:
    def fail(one: Schedule) -> Schedule:
        raise KeyError

    schedules.create(schedule(1))
    with pytest.raises(KeyError):
        schedules.update(schedule(1).schedule_id, fail)
    assert schedules.get(schedule(1).schedule_id) == schedule(1)


def test_the_newest_come_first_page_by_page_and_by_number(schedules: Schedules) -> None:
    for number in range(1, 7):
        schedules.create(schedule(number, to=SARAH if number % 2 else TOM))
    ids = {number: schedule(number).schedule_id for number in range(1, 7)}

    def found(**asked: Any) -> list[str]:
        return [each.schedule_id for each in schedules.newest(**asked)]

    assert found(limit=3) == [ids[6], ids[5], ids[4]]
    assert found(limit=3, before=ids[4]) == [ids[3], ids[2], ids[1]]
    assert found(limit=2, to_number=SARAH) == [ids[5], ids[3]]
    assert found(limit=2, to_number=SARAH, before=ids[3]) == [ids[1]]
    assert found(limit=2, to_number="+15550100003") == []


def test_a_schedule_that_phones_somebody_else_is_found_by_the_other_number(
    schedules: Schedules,
) -> None:
    schedules.create(schedule(1))
    other = schedule(1).request.model_copy(update={"to_number": TOM})
    schedules.update(schedule(1).schedule_id, lambda one: one.model_copy(update={"request": other}))
    assert schedules.newest(limit=5, to_number=SARAH) == []
    assert [each.request.to_number for each in schedules.newest(limit=5, to_number=TOM)] == [TOM]


def test_a_key_makes_one_schedule(schedules: Schedules) -> None:
    key = Idempotency("crm", "order-1", "hash")
    schedules.check_unused(key)
    schedules.create(schedule(1), key)
    with pytest.raises(ScheduleTakenError) as taken:
        schedules.create(schedule(2), key)
    assert taken.value.schedule_id == schedule(1).schedule_id
    assert taken.value.request_sha256 == "hash"
    with pytest.raises(ScheduleTakenError):
        schedules.check_unused(key)
    assert schedules.newest(limit=5) == [schedule(1)]
    schedules.create(schedule(2), Idempotency("other", "order-1", "hash"))


def test_what_is_deleted_was_never_there_nor_was_its_key(schedules: Schedules) -> None:
    key = Idempotency("crm", "order-1", "hash")
    schedules.create(schedule(1), key)
    for _ in range(2):
        schedules.delete(schedule(1), key)
    assert schedules.newest(limit=5) == schedules.newest(limit=5, to_number=SARAH) == []
    with pytest.raises(ScheduleNotFoundError):
        schedules.get(schedule(1).schedule_id)
    schedules.create(schedule(2), key)


@pytest.mark.parametrize(
    ("times", "cancelled", "days"),
    [
        ({"rate": "1 day"}, False, None),
        ({"rate": "1 day"}, True, 90),
        ({"rate": "1 day", "end": "2026-12-01"}, False, 100),
        ({"at": "2027-11-22T12:00"}, False, 365 + 90),
    ],
)
def test_a_schedule_expires_after_its_last_call_and_no_other_does(
    monkeypatch: pytest.MonkeyPatch, times: dict[str, str], cancelled: bool, days: int | None
) -> None:
    credentials(monkeypatch)
    made = schedule(1, **times)
    with mock_aws(), time_machine.travel(AT, tick=False) as clock:
        create_table("calls")
        schedules = DynamoSchedules("calls")
        schedules.create(made)
        if cancelled:
            made = schedules.update(made.schedule_id, lambda one: one.cancel(AT))
        # DynamoDB deletes late, and moto never.
        clock.move_to(AT + timedelta(days=(days or 3000) - 1))
        assert schedules.get(made.schedule_id) == made
        clock.move_to(AT + timedelta(days=(days or 3000) + 1))
        listed = schedules.newest(limit=5), schedules.newest(limit=5, to_number=SARAH)
        if days is None:
            assert listed == ([made], [made])
            return
        assert listed == ([], [])
        with pytest.raises(ScheduleNotFoundError):
            schedules.get(made.schedule_id)


def test_whoever_is_slower_reads_again(monkeypatch: pytest.MonkeyPatch) -> None:
    credentials(monkeypatch)
    with mock_aws(), time_machine.travel(AT, tick=False):
        create_table("calls")
        schedules = DynamoSchedules("calls")
        schedules.create(schedule(1))
        seen: list[str | None] = []

        def change(one: Schedule) -> Schedule:
            if not seen:
                other = DynamoSchedules("calls")
                other.update(one.schedule_id, lambda o: o.model_copy(update={"name": "first"}))
            seen.append(one.name)
            return paused(one)

        changed = schedules.update(schedule(1).schedule_id, change)
    assert seen == [None, "first"]
    assert (changed.name, changed.state) == ("first", State.PAUSED)


def test_a_transaction_in_the_way_is_waited_for_but_not_for_ever() -> None:
    # No emulator has it: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference
    client = boto3.client(
        "dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stub:
        stub.add_client_error("transact_write_items", **conflicting("TransactionConflict"))
        stub.add_response("transact_write_items", {})
        DynamoSchedules("calls", client).create(schedule(1))
        for _ in range(8):
            stub.add_client_error("transact_write_items", **conflicting("TransactionConflict"))
        with pytest.raises(ContentionError):
            DynamoSchedules("calls", client).create(schedule(1))
        stub.assert_no_pending_responses()
