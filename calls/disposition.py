"""What a call came to, in one word, as call centres keep it. Pure."""

from collections.abc import Iterable
from enum import StrEnum
from types import MappingProxyType

from calls.answered_by import AnsweredBy
from calls.call import Call, EndReason, Turn


class Disposition(StrEnum):
    """What a call came to."""

    COMPLETED = "completed"
    """The conversation went to its end."""
    CALLBACK_REQUESTED = "callback_requested"
    """They want to be called at another time."""
    NOT_INTERESTED = "not_interested"
    """They did not want to talk about it."""
    WRONG_PERSON = "wrong_person"
    """Somebody else answered, or the number is not theirs."""
    OPTED_OUT = "opted_out"
    """They are on the do-not-call list since."""
    TRANSFERRED = "transferred"
    VOICEMAIL = "voicemail"
    """A message was left."""
    MACHINE = "machine"
    """A machine answered, and no message was left."""
    NO_RESPONSE = "no_response"
    """It was answered, and nobody said a word."""
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    CANCELED = "canceled"
    """By us: in the queue, ringing or talking; or it was too late to dial."""
    UNKNOWN = "unknown"


FROM_END_REASON = MappingProxyType(
    {
        EndReason.NO_ANSWER: Disposition.NO_ANSWER,
        EndReason.BUSY: Disposition.BUSY,
        EndReason.FAILED: Disposition.FAILED,
        EndReason.REFUSED: Disposition.FAILED,
        EndReason.CANCELED: Disposition.CANCELED,
        EndReason.TOO_LATE: Disposition.CANCELED,
        EndReason.MACHINE: Disposition.MACHINE,
        EndReason.VOICEMAIL_LEFT: Disposition.VOICEMAIL,
        EndReason.OPTED_OUT: Disposition.OPTED_OUT,
        EndReason.TRANSFERRED: Disposition.TRANSFERRED,
    }
)
"""Whatever was said: these reasons tell it by themselves."""
CALLBACK_SCHEDULED = "callback_scheduled"
"""In the timeline: the agent has promised to call back, and will."""
FROM_CONVERSATION = (
    Disposition.COMPLETED, Disposition.CALLBACK_REQUESTED, Disposition.NOT_INTERESTED,
    Disposition.WRONG_PERSON, Disposition.MACHINE, Disposition.UNKNOWN,
)  # fmt: skip
"""What only those can tell who know what was said. ``opted_out`` is not among them: it stands for a
number that is on the list, and that is a fact and no impression."""


def conversed(turns: Iterable[Turn]) -> bool:
    """Whether the callee said anything."""
    return any(turn.role == "callee" for turn in turns)


def certain(call: Call, turns: Iterable[Turn]) -> Disposition | None:
    """What is known without knowing what was said; None, where that decides."""
    found = FROM_END_REASON.get(call.end_reason) if call.end_reason else None
    if found is None and any(entry.event == CALLBACK_SCHEDULED for entry in call.timeline):
        return Disposition.CALLBACK_REQUESTED
    if found is None and _hung_up_on_by_a_mailbox(call):
        return Disposition.MACHINE
    if found is None and not conversed(turns):
        return Disposition.NO_RESPONSE if call.answered_at else Disposition.UNKNOWN
    return found


def _hung_up_on_by_a_mailbox(call: Call) -> bool:
    return call.answered_by == AnsweredBy.VOICEMAIL and call.end_reason is EndReason.CALLEE_HUNG_UP


def likely(call: Call, turns: Iterable[Turn]) -> Disposition:
    """The best guess where nobody could read what was said."""
    if call.end_reason is EndReason.AGENT_HUNG_UP:
        # The agent leaves when it has done what it called for.
        return certain(call, turns) or Disposition.COMPLETED
    return certain(call, turns) or Disposition.UNKNOWN
