"""Recordings: started, stopped, kept on disk, reported."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from . import parameter
from .call import Call, Clock, new_sid
from .call_request import Address, RecordingRequest
from .line import Line
from .recording import Recording, Track, write_wav


class Recorder:
    """Every recording of the account.

    Args:
        folder: Where the files go; made when the first is written.
        account_sid: In what is reported.
        clock: For start times and events.
    """

    def __init__(self, folder: Path, account_sid: str, clock: Clock) -> None:
        self._folder = folder
        self._account_sid = account_sid
        self._clock = clock
        self.base_url = ""
        """Where this server can be reached; known once it listens."""
        self.recordings: dict[str, Recording] = {}

    def path(self, recording: Recording) -> Path:
        """The recording's file: all its channels."""
        return self._folder / f"{recording.sid}.wav"

    def start(self, call: Call, request: RecordingRequest, source: str, line: Line) -> Recording:
        """Record that line from now on."""
        recording = Recording(
            sid=new_sid("RE"),
            call_sid=call.sid,
            channels=request.channels,
            source=source,
            started=datetime.fromtimestamp(self._clock.now(), UTC),
            callback=request.callback,
            callback_events=request.events,
            trim=request.trim,
        )
        line.tracks.append(recording.track)
        self.recordings[recording.sid] = recording
        call.events.add(self._clock.now(), "recording_started", {"sid": recording.sid})
        return recording

    async def finish(self, call: Call, recording: Recording, line: Line | None) -> None:
        """Stop, and write the file; a recording of nothing becomes ``absent``."""
        if line is not None and recording.track in line.tracks:
            line.tracks.remove(recording.track)
        recording.status = "processing"
        await asyncio.to_thread(self._settle, recording)  # an hour of frames takes its time
        seconds = recording.track.seconds
        recording.seconds = round(seconds)
        recording.status = "completed" if seconds > 0 else "absent"
        recording.track = Track()  # it is on disk now
        detail = {"sid": recording.sid, "seconds": seconds}
        call.events.add(self._clock.now(), f"recording_{recording.status}", detail)

    def tell(self, recording: Recording, tell: Callable[[Address, dict[str, str]], None]) -> None:
        """Report the recording's status, if that was asked for."""
        if recording.callback is not None and recording.status in recording.callback_events:
            fields = parameter.of_recording(recording, self._account_sid, self.base_url)
            tell(recording.callback, fields)

    def delete(self, recording: Recording) -> None:
        """Forget it, and its file."""
        del self.recordings[recording.sid]
        with suppress(FileNotFoundError):
            self.path(recording).unlink()

    def _settle(self, recording: Recording) -> None:
        if recording.trim:
            recording.track.trim()
        if not recording.track.seconds:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        samples = recording.track.samples(recording.channels)
        write_wav(self.path(recording), samples, recording.channels)
