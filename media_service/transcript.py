"""The conversation's turns as they finish, on their way into the call's record."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from calls.call import Turn, TurnLatency, now
from media_service.latency import Wait

Kind = Literal["greeting", "reply", "filler", "idle", "goodbye", "apology"]


class Transcript:
    """Numbers turns, tells their kinds apart and measures how long the callee waited for each.

    Args:
        write: takes each finished turn.
        first: the number of this leg's first turn.
        clock: seconds of the day, as Pipecat's VAD has them.
    """

    def __init__(
        self,
        write: Callable[[Turn], None],
        first: int = 1,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._write = write
        self._next = first
        self._kind: Kind = "reply"
        self._after_cut: Kind | None = None
        self._wait = Wait(clock)
        self._spoke_at: datetime | None = None
        self._waited: tuple[int | None, TurnLatency | None] = None, None

    def expect(self, kind: Kind) -> None:
        """The agent's next turn is of that kind."""
        self._kind = kind

    def cut(self, then: Kind) -> None:
        """What the agent is saying is cut by ourselves; its next turn is of that kind."""
        if self._spoke_at is None:
            self.expect(then)
        else:
            self._after_cut = then

    def callee_started(self) -> None:
        """The callee speaks: nobody waits for the agent."""
        self._wait.forget()

    def callee_stopped(self, at: float) -> None:
        """The callee's voice ended, in seconds of the day."""
        self._wait.begin(at)

    def turn_decided(self) -> None:
        """The callee's turn is taken for over."""
        self._wait.decided()

    def agent_worded(self) -> None:
        """A word of the agent's next turn has come: the LLM's, or one of ours."""
        self._wait.worded()

    def agent_voiced(self) -> None:
        """Some sound of the agent's next turn has come from the voice's vendor."""
        self._wait.voiced()

    def agent_sounded(self) -> None:
        """The agent's turn made its first sound."""
        if self._spoke_at is not None:
            return
        self._spoke_at = now()
        self._waited = self._wait.sounded()

    def callee_said(self, text: str | None, timestamp: str) -> None:
        """The callee's turn is over; ``timestamp`` (ISO 8601) is its start."""
        if text and text.strip():
            # Whatever the agent was about to say instead is answered to this now.
            self._kind = "reply" if self._kind == "idle" else self._kind
            self._put(Turn(number=self._next, role="callee", text=text.strip(), at=_at(timestamp)))

    def agent_said(self, text: str, timestamp: str, *, interrupted: bool = False) -> None:
        """The agent's turn is over; ``text`` is what was heard of it."""
        spoke_at, self._spoke_at = self._spoke_at, None
        (latency_ms, latency), self._waited = self._waited, (None, None)
        kind, after = self._kind, self._after_cut
        if after:
            self._kind, self._after_cut = after, None
        if not text.strip():
            return
        if not after:
            self._kind = "reply"
        if kind == "idle":
            # It breaks a silence; nobody waited for it.
            latency_ms = latency = None
        self._put(
            Turn(
                number=self._next, role="agent", text=text.strip(), at=spoke_at or _at(timestamp),
                kind=kind, interrupted=interrupted, latency_ms=latency_ms, latency=latency,
            )
        )  # fmt: skip

    def filled(self, text: str, at: datetime, *, interrupted: bool) -> None:
        """A filler is over, ``text`` being what was heard of it. The callee still waits."""
        if text:
            self._put(
                Turn(
                    number=self._next, role="agent", text=text, at=at, kind="filler",
                    interrupted=interrupted,
                )
            )  # fmt: skip

    def _put(self, turn: Turn) -> None:
        self._next += 1
        self._write(turn)


def _at(timestamp: str) -> datetime:
    try:
        at = datetime.fromisoformat(timestamp)
    except ValueError:
        return now()
    return at if at.tzinfo else at.replace(tzinfo=UTC)
