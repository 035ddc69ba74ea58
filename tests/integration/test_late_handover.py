"""A whole process that is to stop while a callee speaks without a breath: nothing is lost.

The process takes 4 seconds for what production takes 90 (`calls.settings`); the vendors are those
of the benchmarks, which have the words of an utterance as soon as they are asked for them.
"""

import asyncio
import signal

import pytest

from benchmarks.caller import calling
from benchmarks.clips import clip, to_mulaw
from benchmarks.stage import stage
from benchmarks.vendors import HEARD

LATEST_SECONDS = 4.0


@pytest.mark.acceptance
@pytest.mark.timeout(150)
async def test_a_callee_who_never_stops_goes_on_with_another_process() -> None:
    voice = to_mulaw(clip("sarah-interrupts")) * 40
    async with (
        stage() as on,
        on.media_process(settings={"DIALOUT_HANDOVER_SECONDS": str(LATEST_SECONDS)}) as (
            old,
            at_old,
        ),
        on.media_process("media-2") as (_, at_new),
    ):
        call = on.call()
        loop = asyncio.get_running_loop()
        async with calling(at_old, **on.stream(call)) as callee:
            await callee.first_sound()
            await asyncio.sleep(2.5)  # The greeting's first two seconds are not interrupted.
            callee.to_say.extend(voice)
            await asyncio.sleep(1.5)
            asked = loop.time()
            old.signal(signal.SIGTERM)
            await asyncio.wait_for(callee.socket.wait_closed(), 60)
            assert loop.time() - asked >= LATEST_SECONDS
            assert callee.socket.close_code == 1012
            assert callee.to_say, "they have not stopped"
        assert await asyncio.wait_for(old.wait(), 60) == 0

        committed = on.records.turns(call.call_id)
        assert (committed[0].role, committed[0].kind) == ("agent", "greeting")
        # What they said as the process went is nobody's turn yet, and is kept.
        assert committed[-1].role == "callee"
        assert committed[-1].text.replace(HEARD, "").strip() == ""
        assert on.records.get(call.call_id).end_reason is None

        async with calling(at_new, **on.stream(call, leg=2)) as callee:
            await callee.first_sound()
            await asyncio.sleep(3)
        async with asyncio.timeout(20):
            while len(said := on.records.turns(call.call_id)) == len(committed):
                await asyncio.sleep(0.1)
    assert said[:-1] == committed
    assert (said[-1].role, said[-1].kind) == ("agent", "reply")
