"""A call whose stream is over goes on elsewhere: who takes it on, how long it waits, when it ends.

A leg is one stream of a call. Twilio fetches the instructions of the next when our side closed the
one before, or when it is told to over REST; whose stream claims the leg first has the call
(``Call.claim_leg``), so fetching may be repeated at will.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto

from calls.call import Call, EndReason, Status

MAX_LEGS = 10
"""So many streams at most may one call go through."""
FOLLOW_SECONDS = 1.0
"""So long Twilio has to follow the redirect by itself, before it is told to."""
WAIT = timedelta(seconds=60)
"""So long a callee is asked to hold the line when nobody is there to take the call on."""
FIRST_PAUSE_SECONDS = 1
PAUSE_SECONDS = 2
"""Between two looks for somebody: short at first, as the next task may do; and never so long that
the callee wonders whether anybody is there."""
SILENT = timedelta(seconds=30)
"""Whoever fetched a leg has streamed by then, and a stream that ended has been followed."""


class Step(StrEnum):
    """What Twilio is told when it fetches a leg."""

    CONNECT = auto()
    """Stream to us."""
    WAIT = auto()
    """Ask the callee to hold the line, and fetch again."""
    GIVE_UP = auto()
    """Apologise, and hang up."""
    HANG_UP = auto()
    """The call was ended on purpose: it is never resumed."""


@dataclass(frozen=True)
class Fetched:
    """What comes of a fetch."""

    call: Call
    step: Step
    pause_seconds: int = 0
    """Of ``Step.WAIT``."""


def fetch(call: Call, leg: int, at: datetime, *, attended: bool) -> Fetched:
    """Twilio asks for a leg's instructions. The same fetch twice gets the same step.

    Args:
        leg: from 1 on; the next after that whose stream is over.
        at: the present.
        attended: whether a media task is alive that takes new streams.
    """
    if call.end_reason is EndReason.TRANSFERRED and leg > call.active_leg and not call.ended:
        # With somebody else it would not ask: who was to transfer it died before it was done.
        call = call.note("transfer_failed", at, end_reason=None)
    if call.ended or call.end_reason is not None:
        return Fetched(call, Step.HANG_UP)
    if leg > MAX_LEGS or at >= call.stream_until or _waited(call, at) >= WAIT:
        # Noted as fetched: the last stream's end, if it is told late, does not cut the words short.
        told = call.model_copy(update={"fetched_leg": leg, "fetched_at": at})
        return Fetched(told.will_end(EndReason.FAILED), Step.GIVE_UP)
    # Whoever has waited for a leg that nobody took is connected by the next.
    waited = call.waiting_since is not None and call.fetched_leg >= leg
    newest = leg if leg > call.active_leg else max(leg, call.fetched_leg)
    call = call.model_copy(update={"fetched_leg": newest, "fetched_at": at, "adrift_since": None})
    if attended and leg <= call.active_leg + (2 if waited else 1):
        return Fetched(call, Step.CONNECT)
    if call.waiting_since is not None:
        return Fetched(call, Step.WAIT, PAUSE_SECONDS)
    waiting = call.note("waiting", at, f"leg {leg}", waiting_since=at)
    return Fetched(waiting, Step.WAIT, FIRST_PAUSE_SECONDS)


def _waited(call: Call, at: datetime) -> timedelta:
    return at - call.waiting_since if call.waiting_since else timedelta(0)


def following(call: Call, leg: int) -> int:
    """The leg to fetch after waiting. It does not run ahead of those that were served: waiting is
    limited by time, and not by the number of legs."""
    return min(leg, call.active_leg + 2)


def stream_ended(call: Call, leg: int, stream_sid: str, event: str, at: datetime) -> Call:
    """This call with the end of a stream in its timeline, once for each way of ending.

    Args:
        leg: the stream's.
        event: ``stream_stopped`` or ``stream_error``.
    """
    detail = _which(leg, stream_sid)
    if any((entry.event, entry.detail) == (event, detail) for entry in call.timeline):
        return call
    noted = call.note(event, at, detail)
    adrift = call.adrift_since or (at if dropped(noted, leg, stream_sid) else None)
    return noted.model_copy(update={"adrift_since": adrift})


def dropped(call: Call, leg: int, stream_sid: str) -> bool:
    """Whether a call hangs in the air after the end of this stream: nobody has it, nobody asked.

    One that was to be hung up is among them: its task died in the middle of the goodbye. False for
    a report that comes late or twice, when the call has gone on already.
    """
    if call.status is not Status.IN_PROGRESS or leg < max(call.active_leg, call.fetched_leg):
        return False
    if call.end_reason is EndReason.TRANSFERRED:
        # Twilio ends the stream of a call that it takes elsewhere; it does not break it.
        broken = ("stream_error", _which(leg, stream_sid))
        if broken not in ((entry.event, entry.detail) for entry in call.timeline):
            return False
    # A leg that nobody served at first may have another stream by now.
    return leg > call.active_leg or _stream(call) in (None, stream_sid)


def silent(call: Call, at: datetime, tasks: frozenset[str]) -> bool:
    """Whether a call that still goes on at Twilio has had nobody to talk with for long, or to hang
    it up. One that was transferred has somebody whom we know nothing of.

    Args:
        at: the present.
        tasks: the media tasks that are alive, draining ones with them.
    """
    if call.status is not Status.IN_PROGRESS or call.end_reason is EndReason.TRANSFERRED:
        return False
    if call.fetched_at is None or at - call.fetched_at < SILENT:
        return False
    if call.fetched_leg > call.active_leg:
        return True  # no stream came of it
    if call.adrift_since is not None:
        return at - call.adrift_since >= SILENT
    # Its task died, and Twilio said nothing.
    return call.active_task is not None and call.active_task not in tasks


def _which(leg: int, stream_sid: str) -> str:
    return f"leg {leg} {stream_sid}".rstrip()


def _stream(call: Call) -> str | None:
    """The StreamSid of the active leg."""
    started = (e.detail for e in reversed(call.timeline) if e.event == "stream_started")
    return next(started, None)
