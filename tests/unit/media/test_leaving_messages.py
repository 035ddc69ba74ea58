"""How the agent leaves a machine."""

import asyncio

from calls.call import EndReason
from tests.unit.media.test_leaving import World


async def test_a_machine_is_left_at_once() -> None:
    world = World()
    await world.leaving.cut(EndReason.MACHINE)
    assert world.did[-2:] == ["interrupt", "over"]
    assert world.call.end_reason == "machine"
    await world.leaving.cut(EndReason.FAILED)
    assert world.did.count("over") == 1
    world.leaving.close()


async def test_a_message_waits_for_its_machine_and_is_left_once_heard() -> None:
    world, ready = World(), asyncio.Event()
    leaving = asyncio.create_task(world.leaving.leave_message("Call us.", ready.wait))
    await asyncio.sleep(0)
    assert world.leaving.begun
    assert "over" not in world.did
    before = list(world.did)
    ready.set()
    await leaving
    assert world.did == [*before, "Call us."]
    assert world.call.end_reason is None
    world.leaving.last_word()
    assert world.did[-1] == "over"
    assert world.call.end_reason == "voicemail_left"
    world.leaving.close()


async def test_nothing_is_left_in_a_call_that_is_ending() -> None:
    world = World()
    world.leaving.hang_up(EndReason.IDLE)
    before = list(world.did)
    await world.leaving.leave_message("Call us.", asyncio.Event().wait)
    await world.leaving.repeat_message("Call us.")
    assert world.did == before
    world.leaving.close()
