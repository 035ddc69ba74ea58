"""What a call lets its tools do."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from calls.adapters.guarded_http import Answer
from calls.agent import Agent
from calls.call import Call
from calls.scheduling import Scheduler
from calls.tools import TransferTarget
from media_service.speaking.words import Words
from media_service.tools.uses import Uses

Change = Callable[[Call], Call]


@dataclass(frozen=True)
class Controls:
    """One call's."""

    call: Call
    """As it was when its stream began."""
    agent: Agent
    words: Words
    leaving: Callable[[], bool]
    """Whether the agent is on its way out: nothing is begun any more."""
    change: Callable[[Change], None]
    """Change the record, behind the call's back."""
    hang_up: Callable[[], None]
    """Once the present answer has been heard."""
    transfer: Callable[[str, TransferTarget], None]
    """Join the callee with that target, by name, once the present answer has been heard."""
    opt_out: Callable[[str | None], None]
    """The callee asked never to be phoned again, for that reason: now."""
    record: Callable[[], Awaitable[bool]]
    """Start the recording. Whether it runs."""
    press: Callable[[str], Awaitable[None]]
    """Send the tones of these keys, after what is being said."""
    fill: Callable[[str], Awaitable[None]]
    """Say this while something is waited for."""
    scheduler: Scheduler
    post: Callable[[str, Mapping[str, Any], str], Awaitable[Answer]]
    """See ``SignedHttp.post``; the third is the idempotency key."""
    uses: Uses
    holds: Callable[[], Awaitable[bool]]
    """Whether the call is still this leg's, asked of its record now."""
