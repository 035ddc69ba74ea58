"""Who asks never to be phoned again, in which way soever, and that it is kept."""

import asyncio
import logging

import pytest

from calls.call import Call, EndReason, now
from media_service import opt_out
from media_service.opt_out import OptOut, Source
from tests.fakes import FakeCallRecords, FakeDoNotCall
from tests.unit.media.tools import agent, call

NUMBER = "+12125550100"


class World:
    """A call, what it keeps, and how often somebody asked."""

    def __init__(self, one: Call | None = None, leg: int = 1, **changes: object) -> None:
        self.records = FakeCallRecords()
        self.call = one or call()
        self.records.create(self.call)
        self.list = FakeDoNotCall(self.records)
        self.asked: list[tuple[Source, str | None]] = []
        chosen = agent().model_copy(update=changes)
        self.opt_out = OptOut(
            chosen, self.list, self.call, leg,
            lambda change: self.records.update(self.call.call_id, change) and None,
            lambda source, reason: self.asked.append((source, reason)),
        )  # fmt: skip

    @property
    def record(self) -> Call:
        return self.records.get(self.call.call_id)


def test_the_callees_words_do_it_and_others_do_not() -> None:
    world = World()
    world.opt_out.turn("Yes, I have a minute.")
    world.opt_out.turn("Can you stop by on Tuesday?")
    assert world.asked == []
    world.opt_out.turn("Look. Stop calling me!")
    world.opt_out.turn("I said stop calling me.")
    world.opt_out.ask("tool", "again")
    assert world.asked == [("speech", None)], "twice does nothing"


def test_only_the_agents_own_key_does_it() -> None:
    world = World(opt_out_key="9")
    taken = [key for key in "0123456789*#" if world.opt_out.pressed(key)]
    assert taken == ["9"]
    assert world.asked == [("keypress", None)]
    without = World()
    assert not without.opt_out.pressed("9")
    assert without.asked == []


def test_words_without_a_turn_count_at_the_end() -> None:
    world = World()
    world.opt_out.heard("Please stop", deaf=False)
    world.opt_out.heard("calling me.", deaf=False)
    assert world.asked == [], "perhaps they go on: the turn tells"
    world.opt_out.nothing_follows()
    assert world.asked == [("speech", None)]


def test_words_of_a_finished_turn_are_not_counted_again() -> None:
    world = World()
    world.opt_out.heard("Please stop", deaf=False)
    world.opt_out.turn("Please stop")
    world.opt_out.heard("calling me by my first name.", deaf=False)
    world.opt_out.nothing_follows()
    assert world.asked == []


def test_words_over_the_agents_goodbye_count_at_once() -> None:
    world = World()
    world.opt_out.heard("and never call me", deaf=True)
    world.opt_out.heard("again", deaf=True)
    assert world.asked == [("speech", None)]


def test_every_language_is_understood_where_the_agent_understands_them() -> None:
    spanish = "No me llame más."
    deaf, open_ = World(), World(detect_language=True)
    deaf.opt_out.turn(spanish)
    open_.opt_out.turn(spanish)
    assert (deaf.asked, open_.asked) == ([], [("speech", None)])


async def test_the_number_is_listed_and_the_record_says_so() -> None:
    world = World()
    await world.opt_out.keep("tool", "too many calls")
    listing = world.list.get(NUMBER)
    assert listing is not None
    assert (listing.source, listing.reason, listing.call_id) == (
        "tool", "too many calls", world.call.call_id,
    )  # fmt: skip
    assert world.record.end_reason is EndReason.OPTED_OUT
    assert world.record.timeline[-1].event == "opted_out"
    assert world.opt_out.settled.is_set()


async def test_it_stands_over_another_reason_but_not_over_an_end() -> None:
    leaving = World(call().will_end(EndReason.AGENT_HUNG_UP))
    await leaving.opt_out.keep("keypress", None)
    assert leaving.record.end_reason is EndReason.OPTED_OUT
    over = World(call().end(EndReason.CALLEE_HUNG_UP, now()))
    await over.opt_out.keep("speech", None)
    assert over.record.end_reason is EndReason.CALLEE_HUNG_UP
    assert over.list.get(NUMBER) is not None


async def test_an_overtaken_leg_lists_the_number_and_leaves_the_call_alone() -> None:
    world = World(call(active_leg=2), leg=1)
    await world.opt_out.keep("speech", None)
    assert world.list.get(NUMBER) is not None
    assert world.record == world.call


async def test_a_number_that_is_withheld_cannot_be_listed() -> None:
    world = World(call(direction="inbound", from_number="anonymous"))
    await world.opt_out.keep("speech", None)
    assert world.list.get("anonymous") is None
    assert world.record.end_reason is EndReason.OPTED_OUT
    assert world.opt_out.settled.is_set()


@pytest.mark.parametrize("failures", [1, 2, 3, 5])
async def test_a_write_that_fails_is_done_again(
    failures: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(opt_out, "PAUSE_SECONDS", 0)
    world, left = World(), [failures]
    keep = world.list.opt_out

    def fails(*given: object) -> Call:
        if left[0]:
            left[0] -= 1
            raise OSError(NUMBER)
        return keep(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(world.list, "opt_out", fails)
    with caplog.at_level(logging.WARNING):
        await world.opt_out.keep("speech", None)
    assert world.list.get(NUMBER) is not None
    told = [(record.levelname, record.message) for record in caplog.records]
    assert told == [("WARNING", "an opt-out is tried again")] * failures


async def test_a_write_that_fails_for_good_is_told_once_for_the_alarm(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(opt_out, "PAUSE_SECONDS", 0)
    world = World()

    def fails(*_: object) -> Call:
        raise OSError(NUMBER)

    monkeypatch.setattr(world.list, "opt_out", fails)
    with caplog.at_level(logging.ERROR):
        await world.opt_out.keep("speech", None)
    assert world.opt_out.settled.is_set()
    assert [record.message for record in caplog.records] == ["an opt-out could not be kept"]


async def test_a_callee_does_not_wait_for_a_table_that_is_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, tries = World(), 0
    settled_at: list[int] = []
    pauses: list[float] = []

    def fails(*_: object) -> Call:
        nonlocal tries
        tries += 1
        raise OSError

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        settled_at.extend([tries] if world.opt_out.settled.is_set() else [])

    monkeypatch.setattr(world.list, "opt_out", fails)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    await world.opt_out.keep("speech", None)
    assert tries == opt_out.TRIES
    assert settled_at[0] == opt_out.PATIENCE_TRIES
    assert pauses == [0.25, 0.5, 1.0, 2.0, 4.0]
