"""Whether the callee asks never to be phoned again, and that it is so from then on.

The words and the key are looked at here, by rule: an LLM may miss them, and may not.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from calls.agent import Agent
from calls.call import Call, EndReason, now
from calls.do_not_call import Listing
from calls.ports import DoNotCallList

log = logging.getLogger(__name__)

Source = Literal["tool", "keypress", "speech"]
TRIES = 6
PATIENCE_TRIES = 3
"""So many may fail before the callee is answered all the same."""
PAUSE_SECONDS = 0.25
"""After the first that failed; twice as long after each."""


class OptOut:
    """One call's: asked for once at most.

    Args:
        leg: whose call it is; another leg's end is not ours to tell, but the listing is.
        change: changes the record, where there is no number to list.
        asked: called once, as soon as the callee has asked.

    Attributes:
        settled: set once the number is listed, or as long as a callee should wait for it.
    """

    def __init__(
        self,
        agent: Agent,
        do_not_call: DoNotCallList,
        call: Call,
        leg: int,
        change: Callable[[Callable[[Call], Call]], None],
        asked: Callable[[Source, str | None], None],
    ) -> None:
        self.settled = asyncio.Event()
        self._languages = agent.hears
        self._key = agent.opt_out_key
        self._do_not_call = do_not_call
        self._call = call
        self._leg = leg
        self._change = change
        self._on_asked = asked
        self._once = False
        self._unfinished = ""

    @property
    def asked(self) -> bool:
        """Whether the callee has asked."""
        return self._once

    def asks(self, text: str) -> bool:
        """Whether whoever says this asks for it."""
        return any(language.asks_to_stop(text) for language in self._languages)

    def pressed(self, key: str) -> bool:
        """The callee pressed a key. Whether it was this agent's for opting out."""
        if self._key is None or key != self._key:
            return False
        self.ask("keypress")
        return True

    def heard(self, words: str, *, deaf: bool) -> None:
        """The callee said this, and their turn is not over.

        Args:
            deaf: the agent is leaving: no turn will come of it.
        """
        self._unfinished = f"{self._unfinished} {words}"
        if deaf:
            self.nothing_follows()

    def turn(self, text: str) -> None:
        """The callee's turn is over."""
        self._unfinished = ""
        self._judge(text)

    def nothing_follows(self) -> None:
        """What the callee said last stays without a turn."""
        self._judge(self._unfinished)

    def ask(self, source: Source, reason: str | None = None) -> None:
        """The callee asks for it, in one way or another."""
        if not self._once:
            self._once = True
            self._on_asked(source, reason)

    async def keep(self, source: Source, reason: str | None) -> None:
        """List the number and let the record say why the call ends: in one step, or not yet."""
        at = now()
        if not self._call.person.startswith("+"):
            # Withheld: there is nothing to list, and nothing to phone either.
            self._change(lambda call: self._noted(call, source, at))
            self.settled.set()
            return
        listing = Listing(
            number=self._call.person, listed_at=at, source=source,
            call_id=self._call.call_id, reason=reason,
        )  # fmt: skip
        for attempt in range(1, TRIES + 1):
            try:
                await asyncio.to_thread(
                    self._do_not_call.opt_out,
                    self._call.call_id,
                    lambda call: self._noted(call, source, at),
                    listing,
                )
            except Exception:
                if attempt == TRIES:
                    # Alarmed: a person has to list the number.
                    log.exception("an opt-out could not be kept", extra=self._where)
                    break
                log.warning("an opt-out is tried again", exc_info=True, extra=self._where)
            else:
                break
            if attempt == PATIENCE_TRIES:
                self.settled.set()
            await asyncio.sleep(PAUSE_SECONDS * 2 ** (attempt - 1))
        self.settled.set()

    @property
    def _where(self) -> dict[str, object]:
        return {"call_id": self._call.call_id}

    def _noted(self, call: Call, source: Source, at: datetime) -> Call:
        if call.active_leg != self._leg or call.end_reason is EndReason.OPTED_OUT:
            return call
        # It stands, whatever else the call was about to end of.
        reason = {} if call.ended else {"end_reason": EndReason.OPTED_OUT}
        return call.note("opted_out", at, source, **reason)

    def _judge(self, text: str) -> None:
        if self.asks(text):
            self.ask("speech")
