"""The phone of whoever sits at this machine: every number rings there that no scenario has.

A page in a browser is the phone. There may be several: the newest rings, and the others are told
so. Without any it rings in an empty room. Who talks, or is rung, is busy.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .handset import Handset
from .phoned import Note


class Page(Protocol):
    """A page that is open. None of these waits, nor fails when the page is going."""

    def tell(self, event: str, **detail: Any) -> None:
        """Something that it has to know."""

    def play(self, audio: bytes) -> None:
        """20 ms of mu-law for its loudspeaker."""


@dataclass(frozen=True)
class Caller:
    """Who phones."""

    call_sid: str
    caller: str
    called: str


class Softphone:
    """Which page is the phone, and the one call that it may have."""

    def __init__(self) -> None:
        self._page: Page | None = None
        self._call: Ringing | None = None

    def phoned(self, who: Caller) -> "Ringing":
        """A call to it."""
        return Ringing(self, who)

    # What the pages do.

    def open(self, page: Page) -> None:
        """A page is there: it is the phone from now on, also for what rings already."""
        if self._page is not None:
            self._page.tell("replaced")
        self._page = page
        page.tell("ready")
        if self._call is not None:
            self._call.offer(page)

    def close(self, page: Page) -> None:
        """A page has gone; its call with it."""
        if self._page is page:
            self._page = None
        if self._call is not None:
            self._call.lose(page)

    def call_of(self, page: Page) -> "Ringing | None":
        """The call that rings there, or that is talked there."""
        return self._call if self._call is not None and self._call.page is page else None

    # What a call does.

    def take(self, call: "Ringing") -> bool:
        """Ring; False: it is busy."""
        if self._call is not None:
            return False
        self._call = call
        if self._page is not None:
            call.offer(self._page)
        return True

    def release(self, call: "Ringing") -> None:
        """That call is over."""
        if self._call is call:
            self._call = None


class Ringing:
    """One call to the softphone, from the first ring to its end. A `Phoned`."""

    machine = False

    def __init__(self, phone: Softphone, who: Caller) -> None:
        self.page: Page | None = None
        """Where it rings, and then where it is talked."""
        self._phone = phone
        self._who = who
        self._handset = Handset(self._play)
        self._decided: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def get_ready(self, _: Note) -> Handset:
        """Whoever holds it."""
        return self._handset

    async def ring(self, seconds: float) -> str:
        """Until somebody answers it, or does not want to."""
        if not self._phone.take(self):
            return "busy"
        done, _ = await asyncio.wait({self._decided}, timeout=seconds)
        return self._decided.result() if done else "no-answer"

    def leave(self) -> None:
        """It is over."""
        self._phone.release(self)
        self._tell("ended")
        self.page = None

    # What the page does.

    def offer(self, page: Page) -> None:
        """Ring there. Who talks goes on to talk where they do."""
        if self._decided.done():
            return
        self._tell("ended")
        self.page = page
        who = self._who
        self._tell("ringing", call_sid=who.call_sid, caller=who.caller, called=who.called)

    def lose(self, page: Page) -> None:
        """The page is gone: who talked there has hung up; what rang there rings on, unheard."""
        if self.page is page:
            self.page = None
            if self._decided.done():
                self._handset.hang_up()

    def answer(self) -> None:
        """Pick up."""
        if not self._decided.done():
            self._decided.set_result("answered")
            self._tell("answered")

    def decline(self) -> None:
        """Do not want to."""
        if not self._decided.done():
            self._decided.set_result("busy")

    def hang_up(self) -> None:
        """Have done with it, at whatever stage."""
        self.decline()
        self._handset.hang_up()

    def press(self, keys: str) -> None:
        """Press keys."""
        self._handset.press(keys)

    def say(self, frame: bytes) -> None:
        """20 ms of mu-law from the microphone; nobody hears it before the answer."""
        if self._decided.done():
            self._handset.say(frame)

    def _play(self, audio: bytes) -> None:
        if self.page is not None:
            self.page.play(audio)

    def _tell(self, event: str, **detail: Any) -> None:
        if self.page is not None:
            self.page.tell(event, **detail)


def acted(phone: Softphone, page: Page, message: Mapping[str, Any]) -> None:
    """Do what a page's message says; one that says nothing sensible does nothing."""
    call = phone.call_of(page)
    if call is None:
        return
    match message:
        case {"event": "answer"}:
            call.answer()
        case {"event": "decline"}:
            call.decline()
        case {"event": "hang_up"}:
            call.hang_up()
        case {"event": "digits", "digits": str(keys)} if keys and set(keys) <= _KEYS:
            call.press(keys)


_KEYS = set("0123456789*#")
