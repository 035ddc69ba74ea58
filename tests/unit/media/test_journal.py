"""What is written, in which order, and until when."""

import asyncio
import logging
from datetime import timedelta
from threading import Event

import pytest

from calls.call import Call, EndReason, Turn, now
from media_service.journal import Journal
from tests.fakes import FakeCallRecords


@pytest.fixture
def records() -> FakeCallRecords:
    records = FakeCallRecords()
    records.create(
        Call(
            call_id="01", to_number="+15550100001", from_number="+15550000001", agent="amelia",
            api_key="test", created_at=now(), max_call_seconds=60,
            stream_until=now() + timedelta(minutes=5), active_leg=1,
        )
    )  # fmt: skip
    return records


def turn(number: int) -> Turn:
    return Turn(number=number, role="agent", text=f"{number}", at=now())


async def test_all_is_written_in_order_before_it_closes(records: FakeCallRecords) -> None:
    journal = Journal(records, "01", 1)
    for number in range(1, 6):
        journal.turn(turn(number))
    journal.change(lambda call: call.will_end(EndReason.IDLE))
    await journal.close()
    assert [turn.number for turn in records.turns("01")] == [1, 2, 3, 4, 5]
    assert records.get("01").end_reason == "idle"


async def test_an_overtaken_leg_writes_nothing_more(records: FakeCallRecords) -> None:
    journal = Journal(records, "01", 1)
    records.update("01", lambda call: call.claim_leg(2, "MZ2", now()))
    journal.change(lambda call: call.will_end(EndReason.IDLE))
    journal.turn(turn(1))
    await journal.close()
    assert journal.fenced.is_set()
    assert records.get("01").end_reason is None
    assert records.turns("01") == []


async def test_a_write_that_fails_does_not_stop_the_others(
    records: FakeCallRecords, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(_: Call) -> Call:
        raise OSError("+15550100001")

    journal = Journal(records, "01", 1)
    with caplog.at_level(logging.ERROR):
        journal.change(breaks)
        journal.turn(turn(1))
        await journal.close()
    assert len(records.turns("01")) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "a write to the call's record failed"
    ]


async def test_a_table_that_hangs_does_not_hold_the_call(records: FakeCallRecords) -> None:
    release = Event()

    def hangs(call: Call) -> Call:
        release.wait(5)
        return call

    journal = Journal(records, "01", 1)
    journal.change(hangs)
    began = asyncio.get_running_loop().time()
    await journal.flush(0.05)
    assert asyncio.get_running_loop().time() - began < 1
    release.set()
    await journal.close()
