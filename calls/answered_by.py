"""Who, or what, answered a call. Pure."""

from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from calls.call import Call


class AnsweredBy(StrEnum):
    """Who, or what, picked up."""

    HUMAN = "human"
    VOICEMAIL = "voicemail"
    """A machine that takes a message, or says why it takes none."""
    SCREENING = "screening"
    """An assistant that asks for its owner who calls, and why."""
    MENU = "menu"
    """A machine that wants a key pressed."""
    UNAVAILABLE = "unavailable"
    """The network says that the number is not in service, or cannot be reached."""

    @property
    def is_machine(self) -> bool:
        return self is not AnsweredBy.HUMAN


DETECTED = MappingProxyType(
    {
        "human": AnsweredBy.HUMAN,
        "machine_start": AnsweredBy.VOICEMAIL,
        "machine_end_beep": AnsweredBy.VOICEMAIL,
        "machine_end_silence": AnsweredBy.VOICEMAIL,
        "machine_end_other": AnsweredBy.VOICEMAIL,
        "fax": AnsweredBy.UNAVAILABLE,
    }
)
"""What Twilio's detection tells, by its ``AnsweredBy``; ``unknown`` tells nothing.
https://www.twilio.com/docs/voice/answering-machine-detection"""
DETECTION = "amd"
"""In the timeline, when Twilio has told; its detail is Twilio's word."""
DECIDED = "answered_by"
"""In the timeline, when we have decided; its detail says who, and by what we know."""


def detected(call: Call, word: str, at: datetime) -> Call:
    """The call, of which Twilio tells by its own word who answered: what we heard counts more."""
    if word not in DETECTED and word != "unknown":
        return call
    if any(entry.event == DETECTION for entry in call.timeline):
        return call  # Repeated: Twilio tells once.
    return call.note(DETECTION, at, word, answered_by=call.answered_by or DETECTED.get(word))


def known(call: Call) -> AnsweredBy | None:
    """Who answered, if we have decided; what Twilio alone tells may still be overruled."""
    if call.answered_by and any(entry.event == DECIDED for entry in call.timeline):
        return AnsweredBy(call.answered_by)
    return None


def decided(call: Call, who: AnsweredBy, how: str, at: datetime) -> Call:
    """The call, of which we have heard who answered; ``how`` is a word on how we know."""
    return call.note(DECIDED, at, f"{who}: {how}", answered_by=who)
