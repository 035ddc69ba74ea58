"""What a session does to its call over REST, and what the record says meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from calls.call import Call, EndReason, now
from calls.ports import TelephonyError, TwilioCall
from media_service import call_control
from media_service.call_control import CallControl
from media_service.journal import Journal
from tests.fakes import FakeCallRecords, FakeTelephony
from tests.unit.media.tools import call

SID = "CA1"
SALES = "+15550100007"


class Line:
    """One that may go."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()


class Telephony(FakeTelephony):
    """Notes what the record said when it was asked, and fails as often as it is told."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self.world = world
        self.failures: list[Exception] = []
        self.ends_line = True
        self.tries = 0

    def transfer(self, call_sid: str, to: str, caller_id: str) -> None:
        self.tries += 1
        assert self.world.record.end_reason is EndReason.TRANSFERRED
        if self.failures:
            raise self.failures.pop(0)
        super().transfer(call_sid, to, caller_id)
        if self.ends_line:
            self.world.loop.call_soon_threadsafe(self.world.line.gone.set)


class World:
    """One leg of a call."""

    settings: Any = None

    def __init__(self, one: Call) -> None:
        self.loop = asyncio.get_running_loop()
        self.records = FakeCallRecords()
        self.records.create(one)
        self.id = one.call_id
        self.line = Line()
        self.telephony = Telephony(self)
        self.journal = Journal(self.records, one.call_id, 1)
        self.control = CallControl(cast("Any", self), cast("Any", self.line), one, self.journal)

    @property
    def record(self) -> Call:
        return self.records.get(self.id)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(call_control, "CLOSE_SECONDS", 0.05)
    world = World(call(call_sid=SID))
    yield world
    await world.journal.close()


async def test_the_record_says_so_before_it_is_done(world: World) -> None:
    assert await world.control.transfer(SALES)
    assert world.telephony.transferred == [(SID, SALES, "+15550000001")]
    assert world.record.end_reason is EndReason.TRANSFERRED


async def test_a_failure_that_passes_is_tried_over(world: World) -> None:
    world.telephony.failures = [TelephonyError("Twilio failed", ambiguous=True)]
    assert await world.control.transfer(SALES)
    assert world.telephony.tries == 2


async def test_what_fails_is_taken_back_and_noted(world: World) -> None:
    world.telephony.failures = [TelephonyError("Twilio refused")] * call_control.TRIES
    assert not await world.control.transfer(SALES)
    await world.journal.flush()
    assert world.record.end_reason is None
    assert world.record.timeline[-1].event == "transfer_failed"
    # The next leg may have it again.
    world.record.claim_leg(2, "MZ2", now())


@pytest.mark.parametrize(
    ("status", "done"), [("in-progress", True), ("completed", False)], ids=["talks", "hung up"]
)
async def test_a_stream_that_ends_over_a_lost_answer(world: World, status: str, done: bool) -> None:
    """Twilio either did it, or the callee is gone; it knows."""
    world.telephony.failures = [TelephonyError("no answer", ambiguous=True)]
    world.telephony.known[SID] = TwilioCall(SID, status)
    world.line.gone.set()
    assert await world.control.transfer(SALES) is done
    await world.journal.flush()
    assert (world.record.end_reason is EndReason.TRANSFERRED) is done
    assert world.telephony.tries == 1


async def test_an_opt_out_meanwhile_stands(world: World) -> None:
    def opts_out(*_: object) -> None:
        world.records.update(
            world.id, lambda c: c.model_copy(update={"end_reason": EndReason.OPTED_OUT})
        )
        raise TelephonyError("Twilio refused")

    world.telephony.transfer = opts_out  # type: ignore[method-assign]
    assert not await world.control.transfer(SALES)
    await world.journal.flush()
    assert world.record.end_reason is EndReason.OPTED_OUT


async def test_an_overtaken_leg_transfers_and_hangs_up_nothing(world: World) -> None:
    world.records.update(world.id, lambda c: c.claim_leg(2, "MZ2", now()))
    assert not await world.control.transfer(SALES)
    await world.control.hang_up()
    assert world.telephony.tries == 0
    assert world.telephony.hung_up == []
    assert world.record.end_reason is None


async def test_a_record_that_cannot_be_written_keeps_the_call(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> Call:
        raise OSError

    monkeypatch.setattr(world.records, "update", breaks)
    assert not await world.control.transfer(SALES)
    assert world.telephony.tries == 0


async def test_a_process_that_was_paused_asks_whose_the_call_is(world: World) -> None:
    """It has written nothing, so nobody has told it that another leg has the call."""
    world.records.update(world.id, lambda c: c.claim_leg(2, "MZ2", now()))
    await world.control.hang_up()
    assert not await world.control.record()
    assert world.telephony.hung_up == []
    assert world.telephony.recorded == []
    assert world.journal.fenced.is_set()
    assert world.record.timeline[-1].event == "stream_started"


async def test_a_leg_that_is_overtaken_between_two_tries_stops(world: World) -> None:
    def fails(*_: object) -> None:
        world.records.update(world.id, lambda c: c.model_copy(update={"active_leg": 2}))
        world.telephony.tries += 1
        raise TelephonyError("Twilio failed", ambiguous=True)

    world.telephony.transfer = fails  # type: ignore[method-assign]
    assert not await world.control.transfer(SALES)
    assert world.telephony.tries == 1


@pytest.mark.parametrize("gone", [False, True])
async def test_where_the_record_cannot_be_read_an_open_stream_says_whose_the_call_is(
    world: World, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    def breaks(_: str) -> Call:
        raise OSError

    monkeypatch.setattr(world.records, "get", breaks)
    if gone:
        world.line.gone.set()
    await world.control.hang_up()
    assert world.telephony.hung_up == ([] if gone else [SID])
    monkeypatch.undo()
