"""The misfortunes that a rehearsal can be given by name, each with what it is to show. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Part = Literal["twilio", "deepgram", "groq", "cloud"]
"""What is struck; each takes its orders at ``/_rehearsal/faults``."""
Orders = dict[Part, list[dict[str, Any]]]
"""The bodies of the requests for each part."""

GOAL = "goal"
"""In the place of an ``end_reason``: the conversation reaches its goal all the same."""
Blow = Literal["kill", "drain"]
"""What befalls the media task that has the call, twelve seconds after it was answered; another has
been started beside it."""

TALKED = "talked"
"""Likewise: one of the two hangs up as people do, whatever words were lost on the way."""
_TALKED_ENDS = ("agent_hung_up", "callee_hung_up")
_FOR_GOOD = 1_000_000


class UnknownFaultError(Exception):
    """No misfortune has that name. The message lists those there are."""


@dataclass(frozen=True)
class Sight:
    """What a caller of the API sees: the answer to ``POST /dialout``, then the call's record."""

    status: int
    code: str | None = None
    """Of a problem."""
    retry_after: str | None = None
    """The header: seconds."""
    detail: str | None = None
    end_reason: str | None = None
    """Of the record; None, where there is no call, or it cannot be seen."""
    goal_reached: bool = False


@dataclass(frozen=True)
class Misfortune:
    """One that can be ordered, and what its rehearsal must show."""

    shows: str
    """In a sentence."""
    orders: Orders
    status: int = 201
    code: str | None = None
    retry_after: bool = False
    """Whether the answer says when to try again."""
    ends: str | None = GOAL
    """The record's ``end_reason``, or ``GOAL`` or ``TALKED``; None: there is no call."""
    logged: tuple[str, ...] = ()
    """Sentences of the product's log that an operator must find."""
    blow: Blow | None = None

    def missing(self, seen: Sight, sentences: Iterable[str]) -> list[str]:
        """What it was to show and did not."""
        missing = []
        if (seen.status, seen.code) != (self.status, self.code):
            missing.append(
                f"POST /dialout answered {seen.status} {seen.code or ''}, "
                f"not {self.status} {self.code or ''}".replace(" ,", ",").rstrip()
            )
        if self.retry_after and seen.retry_after is None:
            missing.append("the answer has no Retry-After")
        if self.ends == GOAL and not seen.goal_reached:
            missing.append(f"the call ended by {seen.end_reason} and did not reach its goal")
        if self.ends == TALKED and seen.end_reason not in _TALKED_ENDS:
            missing.append(f"the call ended by {seen.end_reason}, and nobody hung up")
        if self.ends not in (GOAL, TALKED) and seen.end_reason != self.ends:
            missing.append(f"the call ended by {seen.end_reason}, not {self.ends}")
        found = set(sentences)
        missing += [f"nobody logged {wanted!r}" for wanted in self.logged if wanted not in found]
        return missing


def _twilio(name: str, **detail: Any) -> Orders:
    return {"twilio": [{"name": name, "times": _FOR_GOOD, **detail}]}


_NOT_PLACED = "Call not placed"
_NOT_SAID = "Twilio did not say whether it placed the call"
_VENDOR_FAILS = "a vendor fails"
_UNAVAILABLE = "A service of AWS does not answer"

MISFORTUNES: dict[str, Misfortune] = {
    "twilio-429": Misfortune(
        "Twilio takes no more requests: 502 with its code, nobody is phoned, the seat is free",
        _twilio("create_429"), 502, "telephony_error", ends="failed", logged=(_NOT_PLACED,),
    ),
    "twilio-500": Misfortune(
        "Twilio breaks and places no call: never asked again, the sweeper ends the call as failed",
        _twilio("create_500"), 502, "telephony_error", ends="failed",
        logged=(_NOT_SAID, "Call settled"),
    ),
    "twilio-500-after": Misfortune(
        "Twilio places the call and answers 500: never asked again, its webhooks bind the call",
        _twilio("create_500_after"), 502, "telephony_error", logged=(_NOT_SAID,),
    ),
    "twilio-slow": Misfortune(
        "Twilio places the call 12 s later, when nobody waits for its answer any more",
        _twilio("create_slow", seconds=12.0), 502, "telephony_error", logged=(_NOT_SAID,),
    ),
    "twilio-duplicate-webhooks": Misfortune(
        "every webhook comes twice: the record tells each thing once",
        _twilio("webhook_duplicate"),
    ),
    "twilio-late-webhooks": Misfortune(
        "that it rings is reported when the conversation is on: nothing goes backwards",
        _twilio("webhook_delay", path="/status", status="ringing", seconds=8.0),
    ),
    "twilio-lost-webhooks": Misfortune(
        "no status report arrives: the sweeper asks Twilio, and ends the call within two minutes",
        _twilio("webhook_lost", path="/status"), logged=("Call settled",),
    ),
    "stream-cut": Misfortune(
        "the audio's socket breaks after 12 s: words are lost, the next leg goes on with the call",
        _twilio("stream_cut", seconds=12.0), ends=TALKED, logged=("Stream failed",),
    ),
    "media-killed": Misfortune(
        "the media task dies in the middle of the call: another one goes on with it",
        {}, ends=TALKED, logged=("Stream failed",), blow="kill",
    ),
    "media-drained": Misfortune(
        "the media task is replaced, as by a deployment: the call changes hands, and nobody is cut",
        {}, blow="drain",
    ),
    "dynamodb-throttled": Misfortune(
        "DynamoDB refuses each fourth request: all of them are tried again, and nobody notices",
        {"cloud": [{"dynamodb": 0.25}]},
    ),
    "dynamodb-down": Misfortune(
        "DynamoDB refuses every request: 503 with Retry-After, nobody is phoned",
        {"cloud": [{"dynamodb": 1}]}, 503, "unavailable", retry_after=True, ends=None,
        logged=(_UNAVAILABLE,),
    ),
    "ssm-down": Misfortune(
        "no secret can be read by functions that have none yet: 503 with Retry-After",
        {"cloud": [{"ssm": 1}]}, 503, "unavailable", retry_after=True, ends=None,
        logged=(_UNAVAILABLE,),
    ),
    "deepgram-down": Misfortune(
        "Deepgram refuses ears and voice: an apology that needs no vendor, and goodbye",
        {"deepgram": [{"listen": {"refuse": 503}, "speak": {"refuse": 503}}]},
        ends="failed", logged=(_VENDOR_FAILS,),
    ),
    "stt-down": Misfortune(
        "Deepgram refuses to listen: an apology, and goodbye",
        {"deepgram": [{"listen": {"refuse": 503}}]}, ends="failed", logged=(_VENDOR_FAILS,),
    ),
    "tts-down": Misfortune(
        "Deepgram refuses to speak: an apology that needs no vendor, and goodbye",
        {"deepgram": [{"speak": {"refuse": 503}}]}, ends="failed", logged=(_VENDOR_FAILS,),
    ),
    "llm-down": Misfortune(
        "the LLM answers 503: the greeting, then an apology, and goodbye",
        {"groq": [{"refuse": 503}]}, ends="failed", logged=(_VENDOR_FAILS,),
    ),
    "llm-hangs": Misfortune(
        "the LLM never answers: the greeting, then an apology, and goodbye",
        {"groq": [{"hang": True}]}, ends="failed", logged=(_VENDOR_FAILS,),
    ),
    "llm-slow": Misfortune(
        "the LLM takes 2 s longer to its first word: the callee is asked for a moment, and "
        "whatever they say to that, the conversation goes on",
        {"groq": [{"first_token_seconds": 2.0}]}, ends=TALKED,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Ordered:
    """The misfortunes of one run.

    Raises:
        UnknownFaultError: there is none of that name.
    """

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in self.names:
            if name not in MISFORTUNES:
                raise UnknownFaultError(f"no fault {name!r}; there are: {', '.join(MISFORTUNES)}")

    @property
    def orders(self) -> Orders:
        """What every part is to be told: Twilio one thing a request, the others all at once."""
        orders: Orders = {}
        for name in self.names:
            for part, bodies in MISFORTUNES[name].orders.items():
                orders[part] = [*orders.get(part, []), *bodies]
        return {
            part: bodies if part == "twilio" else [_merged(bodies)]
            for part, bodies in orders.items()
        }

    @property
    def blows(self) -> list[Blow]:
        """What befalls media tasks."""
        blows = (MISFORTUNES[name].blow for name in self.names)
        return [blow for blow in blows if blow]

    def missing(self, seen: Sight, sentences: Iterable[str]) -> dict[str, list[str]]:
        """What each was to show and did not, by its name."""
        found = set(sentences)
        return {name: MISFORTUNES[name].missing(seen, found) for name in self.names}


def _merged(bodies: Iterable[dict[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for body in bodies:
        merged |= body
    return merged
