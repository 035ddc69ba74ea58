"""After every way that a call can end, nothing of it is left: what ends it, and what is looked at.

The ends of the record (``calls.call.EndReason``) that a media task has no part in are not here:
nobody answered, the line was busy, it was too late, or the call was never placed.
"""

import asyncio
import gc
import logging
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from calls.agent import Tools
from calls.answering import Answering
from calls.call import now
from calls.tools import TransferTarget
from media_service.conversation import Conversation
from media_service.listening.models import Models
from media_service.phone.line import Line
from media_service.session import Session
from tests.integration.media.announcement import QUIET, beep
from tests.integration.media.conftest import AGENT, BlackHole, Service, Stand, serving
from tests.integration.media.phone import Phone, clip


@dataclass(frozen=True)
class Vendors:
    """Their stand-ins."""

    deepgram: Stand
    llm: Stand


End = Callable[[Service, Vendors], Awaitable[None]]


async def hangs_up_early(service: Service, _: Vendors) -> None:
    """So does a call that is cancelled by request: Twilio says `stop`."""
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        await phone.hang_up()
        await service.over()


async def breaks(service: Service, _: Vendors) -> None:
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        phone.socket.transport.abort()
        await service.over()


async def says_goodbye(service: Service, _: Vendors) -> None:
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("sarah-still-here")
        await ended(service, phone, "agent_hung_up")


async def has_no_voice(service: Service, vendors: Vendors) -> None:
    vendors.deepgram.fault(speak={"refuse": 401})
    async with service.answered() as phone:
        await ended(service, phone, "failed")


async def is_overtaken(service: Service, _: Vendors) -> None:
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        service.records.update("01CALL", lambda call: call.claim_leg(2, "MZ2", now()))
        await ended(service, phone, None)


async def is_refused(service: Service, _: Vendors) -> None:
    call = service.call(active_leg=1)
    async with await service.dial() as phone:
        await phone.start(str(call.call_sid), call_id="01CALL", leg="1", token=service.token(call))
        await ended(service, phone, None)


async def opts_out(service: Service, _: Vendors) -> None:
    service.agent = AGENT.model_copy(update={"opt_out_key": "9"})
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        await phone.press("9")
        await ended(service, phone, "opted_out")


async def is_handed_over(service: Service, _: Vendors) -> None:
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        for session in service.live:
            session.hand_over()
        await ended(service, phone, None)


async def has_no_ears(service: Service, vendors: Vendors) -> None:
    vendors.deepgram.fault(listen={"refuse": 503})
    async with service.answered() as phone:
        await ended(service, phone, "failed")


async def has_no_thoughts(service: Service, vendors: Vendors) -> None:
    vendors.llm.fault(refuse=503)
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("sarah-speaking")
        await ended(service, phone, "failed")


async def knows_no_agent(service: Service, _: Vendors) -> None:
    known = service.world.agent

    def unknown(_: str) -> None:
        raise KeyError("no agent")

    object.__setattr__(service.world, "agent", unknown)
    try:
        async with service.answered() as phone:
            await ended(service, phone, "failed")
    finally:
        object.__setattr__(service.world, "agent", known)


async def cannot_hang_up(service: Service, vendors: Vendors) -> None:
    ends = service.telephony.ends

    def fails(call_sid: str) -> None:
        raise OSError(call_sid)

    service.telephony.ends = fails
    try:
        await has_no_voice(service, vendors)
    finally:
        service.telephony.ends = ends


async def hears_again(service: Service, vendors: Vendors) -> None:
    """A vendor that broke off in the call, and was connected to again."""
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        vendors.deepgram.fault(listen={"cut_after_seconds": 0})
        await asyncio.sleep(0.1)
        vendors.deepgram.fault()
        await phone.quiet(0.3)
        await phone.hang_up()
        await service.over()


async def falls_silent(service: Service, _: Vendors) -> None:
    async with service.answered() as phone:
        await ended(service, phone, "idle")


async def is_transferred(service: Service, _: Vendors) -> None:
    sales = TransferTarget(number="+15550100007", description="Sales.")
    service.agent = AGENT.model_copy(
        update={
            "prompt": "You are the switchboard.",
            "tools": Tools(transfer_call={"sales": sales}),
        }
    )
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("sarah-speaking")
        await ended(service, phone, "transferred")


async def runs_out_of_time(service: Service, _: Vendors) -> None:
    call = service.call(answered_at=now() - timedelta(seconds=18), max_call_seconds=30)
    async with service.answered(call) as phone:
        await ended(service, phone, "max_duration")


async def meets_a_mailbox(service: Service, _: Vendors) -> None:
    service.agent = AGENT.model_copy(update={"answering": Answering()})
    async with service.answered() as phone:
        phone.play(clip("voicemail-greeting"))
        await ended(service, phone, "machine")


async def leaves_a_message(service: Service, _: Vendors) -> None:
    service.agent = AGENT.model_copy(
        update={"answering": Answering(voicemail="leave_message", message="Please call us back.")}
    )
    async with service.answered() as phone:
        phone.play(clip("voicemail-greeting") + QUIET * 6 + beep())
        await ended(service, phone, "voicemail_left")


async def ended(service: Service, phone: Phone, reason: str | None) -> None:
    """The line closes, nothing of the call goes on, and the record says why."""
    await phone.closed(60)
    await service.over()
    assert service.records.get("01CALL").end_reason == reason


OFTEN: list[End] = [
    hangs_up_early, breaks, says_goodbye, has_no_voice, is_overtaken, is_refused, opts_out,
    is_handed_over,
]  # fmt: skip
RARELY: list[End] = [
    has_no_ears, has_no_thoughts, knows_no_agent, cannot_hang_up, hears_again, falls_silent,
    is_transferred, runs_out_of_time, meets_a_mailbox, leaves_a_message,
]  # fmt: skip


def held() -> tuple[set[str], int, set[str], list[str]]:
    gc.collect()
    tasks = {task.get_name() for task in asyncio.all_tasks()}
    threads = {
        thread.name
        for thread in threading.enumerate()
        if not thread.name.startswith(("asyncio_", "MainThread"))
    }
    alive = [
        type(each).__name__ for each in gc.get_objects()
        if type(each) in (Session, Conversation, Line)
    ]  # fmt: skip
    return tasks, len(list(Path("/proc/self/fd").iterdir())), threads, alive


async def nothing_is_left(service: Service, vendors: Vendors, end: End) -> None:
    await hangs_up_early(service, vendors)
    service.records._calls.clear()
    await asyncio.sleep(0.3)
    tasks, files, threads, _ = held()
    logging.disable()  # the tests' own log keeps every traceback, and so whatever was in it
    try:
        await end(service, vendors)
    finally:
        logging.disable(logging.NOTSET)
    await asyncio.sleep(0.3)
    after = held()
    assert after[0] - tasks == set()
    assert after[2] - threads == set()
    # The pool keeps one connection to the LLM.
    assert after[1] <= files + 1
    assert after[3] == []
    assert len(service.live) == 0


@pytest.mark.parametrize("end", OFTEN)
async def test_nothing_is_left(service: Service, deepgram: Stand, llm: Stand, end: End) -> None:
    await nothing_is_left(service, Vendors(deepgram, llm), end)


@pytest.mark.acceptance
@pytest.mark.timeout(120)
@pytest.mark.parametrize("end", RARELY)
async def test_nothing_is_left_of_what_happens_rarely(
    service: Service, deepgram: Stand, llm: Stand, end: End
) -> None:
    await nothing_is_left(service, Vendors(deepgram, llm), end)


async def test_nothing_is_left_of_vendors_that_hang(hole: BlackHole, loaded: Models) -> None:
    async with serving(f"ws://{hole.at}", f"http://{hole.at}/openai/v1", loaded) as service:
        tasks, _, threads, _ = held()
        async with service.answered() as phone:
            await phone.closed()
            assert phone.first_sound_at is not None
            # Our own deadline (2 s), not the library's (8.5 s and more).
            assert phone.first_sound_at < 8
            await service.over()
        # The library gives a socket 10 s to close, handshake or not.
        await phone.until(lambda: held()[0] <= tasks, 12)
        after = held()
    assert after[2] - threads == set()
    assert service.records.get("01CALL").end_reason == "failed"
