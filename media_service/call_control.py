"""What a session does to its call over Twilio's REST API; nothing, once another leg has it."""

import asyncio
import logging

from calls.call import Call, EndReason, Recording, now
from calls.ports import FencedError
from media_service.journal import Journal
from media_service.phone.line import Line
from media_service.world import World

log = logging.getLogger(__name__)

TRIES = 3
CLOSE_SECONDS = 2.0
"""For Twilio to end a stream whose call does not need it any more."""


class CallControl:
    """One leg's."""

    def __init__(self, world: World, line: Line, call: Call, journal: Journal) -> None:
        self._world = world
        self._line = line
        self._call = call
        self._journal = journal

    async def holds(self) -> bool:
        """Whether the call is this leg's, asked right before something is done to it.

        A process that was paused knows nothing of what happened meanwhile. It may still be paused
        between the answer and what follows, some milliseconds: over REST Twilio has no condition.
        With a record that cannot be read, an open stream says that the call is ours.
        """
        held = await self._journal.holds()
        return not self._line.gone.is_set() if held is None else held

    async def hang_up(self) -> None:
        """End the call, once its record says why; returns when the line is gone."""
        await self._journal.flush()
        for attempt in range(TRIES):
            if not await self.holds():
                return
            try:
                await asyncio.to_thread(self._world.telephony.hang_up, self._sid)
            except Exception:
                log.exception("the call could not be hung up", extra=self._where)
                await asyncio.sleep(0.5 * 2**attempt)
            else:
                # Closing the socket before Twilio does would send it to the next leg.
                await self.gone()
                return

    async def transfer(self, to: str) -> bool:
        """Join the callee with ``to``. Whether that was done; if not, the call is as it was.

        The record says so first: whoever finds the stream gone must not take the call up again.
        """
        try:
            await self._journal.changed(lambda call: call.will_end(EndReason.TRANSFERRED))
        except FencedError:
            return False
        except Exception:
            log.exception("the call could not be transferred", extra=self._where)
            return False
        for attempt in range(TRIES):
            if not await self.holds():
                return False
            try:
                await asyncio.to_thread(
                    self._world.telephony.transfer, self._sid, to, self._call.ours
                )
                # Whoever fetched a leg meanwhile may have taken it back.
                self._journal.change(lambda call: call.will_end(EndReason.TRANSFERRED))
                await self.gone()
                return True
            except Exception:
                log.exception("the call could not be transferred", extra=self._where)
            # Twilio may have done it without our hearing of it: then the stream ends.
            await self.gone(0.25 * 2**attempt)
            if self._line.gone.is_set():
                break
        if not await self._transferred_unheard():
            self._journal.change(_goes_on)
            return False
        return True

    async def record(self) -> bool:
        """Start the recording. Whether it runs."""
        if not await self.holds():
            return False
        at = f"{self._world.settings.public_api_url}/recording-status?call_id={self._call.call_id}"
        try:
            sid = await asyncio.to_thread(self._world.telephony.start_recording, self._sid, at)
        except Exception:
            log.exception("the call is not recorded", extra=self._where)
            self._journal.change(lambda call: call.note("recording_failed", now()))
            return False
        recording = Recording(recording_sid=sid, status="in-progress")
        # Twilio's own report may have come first, and knows better.
        self._journal.change(
            lambda call: (
                call if call.recording else call.note("recording", now(), recording=recording)
            )
        )
        return True

    async def gone(self, seconds: float = CLOSE_SECONDS) -> None:
        """Wait until the line is gone, but no longer than this."""
        try:
            async with asyncio.timeout(seconds):
                await self._line.gone.wait()
        except TimeoutError:
            return

    async def _transferred_unheard(self) -> bool:
        """Whether a call whose stream ended while we asked for a transfer is still talking."""
        if not self._line.gone.is_set():
            return False
        try:
            known = await asyncio.to_thread(self._world.telephony.status, self._sid)
        except Exception:
            log.exception("the call's status is not known", extra=self._where)
            return True
        return known is not None and known.status == "in-progress"

    @property
    def _sid(self) -> str:
        assert self._call.call_sid is not None
        return self._call.call_sid

    @property
    def _where(self) -> dict[str, object]:
        return {"call_id": self._call.call_id}


def _goes_on(call: Call) -> Call:
    if call.end_reason is not EndReason.TRANSFERRED or call.ended:
        return call
    return call.note("transfer_failed", now(), end_reason=None)
