"""Ways out of a call: one at a time, and an opt-out over all others."""

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

import pytest

from calls.call import Call, EndReason
from media_service import leaving
from media_service.leaving import Leaving
from tests.unit.media.tools import call


class HandOff:
    """One that tells nobody."""

    number = "+15550100007"

    def __init__(self) -> None:
        self.told = self.dropped = False
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def tell(self) -> None:
        self.told = True
        await self.go_on.wait()

    def drop(self) -> None:
        self.dropped = True


class World:
    """Conversation, journal and control in one, that note what they are asked."""

    def __init__(self, transferred: bool = True) -> None:
        self.call: Call = call()
        self.transferred = transferred
        self.ours = True
        self.did: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.leaving = Leaving(
            cast("Any", self), cast("Any", self), self._do,
            over=lambda: self.did.append("over"),
            handed_over=lambda: self.did.append("handed over"),
        )  # fmt: skip
        self.leaving.meet(cast("Any", self))

    def _do(self, work: Coroutine[Any, Any, None], _: str) -> None:
        self.tasks.append(asyncio.create_task(work))

    async def done(self) -> None:
        await asyncio.gather(*self.tasks)

    def change(self, change: Any) -> None:
        self.call = change(self.call)

    async def holds(self) -> bool:
        return self.ours

    async def transfer(self, to: str) -> bool:
        self.did.append(f"transfer {to}")
        return self.transferred

    def leave(self) -> None:
        self.did.append("leave")

    async def interrupt(self) -> None:
        self.did.append("interrupt")

    async def take_leave(self, words: str) -> None:
        self.did.append(words)

    async def stay(self, why: str) -> None:
        self.did.append("stay")


async def test_hanging_up_is_known_before_it_is_done() -> None:
    world = World()
    world.leaving.hang_up(EndReason.AGENT_HUNG_UP)
    world.leaving.hang_up(EndReason.IDLE)
    assert world.call.end_reason is EndReason.AGENT_HUNG_UP
    world.leaving.last_word()
    assert world.did == ["leave", "over"]


async def test_a_transfer_is_made_after_the_announcement() -> None:
    world, hand_off = World(), HandOff()
    world.leaving.transfer(cast("Any", hand_off))
    assert world.leaving.begun
    assert world.call.end_reason is None, "a call that loses its stream now goes on"
    assert not hand_off.told
    world.leaving.last_word()
    await world.done()
    assert world.did == ["leave", "transfer +15550100007", "handed over"]


async def test_a_transfer_that_fails_leaves_the_agent_there() -> None:
    world = World(transferred=False)
    world.leaving.transfer(cast("Any", HandOff()))
    world.leaving.last_word()
    await world.done()
    assert world.did == ["leave", "transfer +15550100007", "stay"]
    assert not world.leaving.begun
    world.leaving.hang_up(EndReason.AGENT_HUNG_UP)
    world.leaving.last_word()
    assert world.did[-1] == "over"


async def test_only_the_first_way_out_is_taken() -> None:
    world, late = World(), HandOff()
    world.leaving.hang_up(EndReason.AGENT_HUNG_UP)
    world.leaving.transfer(cast("Any", late))
    assert late.dropped
    world.leaving.last_word()
    assert world.did == ["leave", "over"]


async def test_an_opt_out_stops_a_transfer_that_is_not_made_yet() -> None:
    world, hand_off = World(), HandOff()
    hand_off.go_on.clear()
    world.leaving.transfer(cast("Any", hand_off))
    world.leaving.last_word()
    await asyncio.sleep(0)
    listed = asyncio.Event()
    leave = asyncio.create_task(world.leaving.opt_out("Never again. Goodbye.", listed))
    await asyncio.sleep(0)
    hand_off.go_on.set()
    await world.done()
    assert hand_off.dropped
    assert world.did == ["leave", "interrupt"], "nothing is said before the number is listed"
    listed.set()
    await leave
    world.leaving.last_word()
    assert world.did == ["leave", "interrupt", "Never again. Goodbye.", "over"]


async def test_nobody_waits_for_ever_for_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "FAREWELL_SECONDS", 0)
    world = World()
    world.leaving.hang_up(EndReason.IDLE)
    await asyncio.sleep(0.01)
    assert world.did == ["leave", "over"]


async def test_a_session_that_is_over_leaves_nothing() -> None:
    world, hand_off = World(), HandOff()
    world.leaving.transfer(cast("Any", hand_off))
    world.leaving.close()
    assert hand_off.dropped
    await asyncio.sleep(0)
    assert world.did == ["leave"]


async def test_an_overtaken_leg_tells_nobody_of_its_transfer() -> None:
    world, hand_off = World(), HandOff()
    world.ours = False
    world.leaving.transfer(cast("Any", hand_off))
    world.leaving.last_word()
    await world.done()
    assert not hand_off.told
    assert world.did == ["leave"]
