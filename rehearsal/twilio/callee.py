"""The person who is phoned: plays a scenario's script against what is heard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rehearsal.mulaw import FRAME, FRAME_MS, SILENCE, SILENT_FRAME
from rehearsal.scenario import Step

from .clip import Clip
from .hearing import Change, Hearing

TICK = FRAME_MS / 1000
KEY_SECONDS = 0.2
"""From one key press to the next."""
_SLACK = 1e-9  # sums of 0.02 do not land exactly on a limit


@dataclass(frozen=True)
class Noted:
    """Something that happened, at a second of the call."""

    at: float
    event: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Spoken:
    """The callee's side of one tick."""

    audio: bytes = SILENT_FRAME
    digits: str = ""
    notes: list[Noted] = field(default_factory=list)
    hang_up: bool = False


class Callee:
    """A script, run by `tick`. Time is counted in ticks from the moment of answering.

    Args:
        script: What to wait for and what to do.
        clips: The clips that ``say`` names; a missing one is noted and passed over.
        patience: Seconds that a wait may last, and that the callee stays after the last step.
    """

    def __init__(self, script: Sequence[Step], clips: Mapping[str, Clip], patience: float) -> None:
        self._script = tuple(script)
        self._clips = clips
        self._patience = patience
        self._at = -1
        self._begun = 0.0
        self._playing = b""
        self._keys = ""
        self._next_key = 0.0
        self._own_last_sound = 0.0
        self.hearing = Hearing()
        self.done = False
        """The script is through."""
        self._gone = False
        self._out = Spoken()

    def tick(self, heard: bytes) -> Spoken:
        """Hear 20 ms of mu-law and answer with 20 ms of one's own."""
        self._out = Spoken()
        if (change := self.hearing.hear(heard)) is not None:
            self._note_agent(change)
        if self._at < 0:
            self._advance()
        while not self._gone and not self._busy() and self._finished():
            self._advance()
        self._speak()
        self._press()
        return self._out

    @property
    def _now(self) -> float:
        return self.hearing.now

    def _note(self, event: str, at: float | None = None, **detail: Any) -> None:
        self._out.notes.append(Noted(self._now if at is None else at, event, detail))

    def _note_agent(self, change: Change) -> None:
        event = "agent_speech_started" if change.speaking else "agent_speech_stopped"
        self._note(event, max(0.0, change.at))

    def _busy(self) -> bool:
        return bool(self._playing or self._keys)

    def _step(self) -> Step | None:
        return self._script[self._at] if 0 <= self._at < len(self._script) else None

    def _finished(self) -> bool:
        """Is the current step through? One that outlasts the patience hangs up."""
        step = self._step()
        if step is None or step.hang_up:
            return self._wait_after_script()
        if step.say is not None or step.press is not None:
            return True
        if step.pause is not None:
            return self._now - self._begun >= step.pause - _SLACK
        if self._met(step):
            return True
        if self._now - self._begun >= self._patience - _SLACK:
            self._note("script_step_timed_out", step=self._at, **_shown(step))
            self._hang_up()
        return False

    def _wait_after_script(self) -> bool:
        if self._now - self._begun >= self._patience - _SLACK:
            self._note("script_patience_ended", step=self._at)
            self._hang_up()
        return False

    def _met(self, step: Step) -> bool:
        last, since = self.hearing.last_sound, self.hearing.speaking_since
        if step.agent_finishes is not None:
            spoke = last is not None and last > self._begun + _SLACK
            return spoke and self._now - (last or 0.0) >= step.agent_finishes - _SLACK
        if step.agent_speaks is not None:
            return since is not None and self._now - since >= step.agent_speaks - _SLACK
        assert step.quiet is not None
        return self._now - max(last or 0.0, self._own_last_sound) >= step.quiet - _SLACK

    def _advance(self) -> None:
        if (left := self._step()) is not None:
            if left.say is not None and left.say in self._clips:
                self._note("callee_clip_ended", self._now - TICK, clip=left.say)
            self._note("script_step_done", step=self._at, **_shown(left))
        self._at += 1
        self._begun = self._now if self._at else 0.0
        step = self._step()
        if step is None:
            self.done = True
        elif step.say is not None:
            self._say(step.say)
        elif step.press is not None:
            self._keys, self._next_key = step.press, self._now
        elif step.hang_up:
            self._hang_up()

    def _say(self, name: str) -> None:
        clip = self._clips.get(name)
        if clip is None:
            self._note("callee_clip_missing", clip=name)
            return
        self._playing = clip.audio
        begun = self._now - TICK  # its first frame is the one that this tick sends
        ends = round(begun + clip.speech_seconds, 3)
        self._note("callee_clip_started", begun, clip=name, seconds=clip.seconds, speech_ends=ends)

    def _speak(self) -> None:
        if not self._playing:
            return
        self._out.audio = self._playing[:FRAME].ljust(FRAME, SILENCE)
        self._playing = self._playing[FRAME:]
        self._own_last_sound = self._now

    def _press(self) -> None:
        if self._keys and self._now >= self._next_key - _SLACK:
            self._out.digits, self._keys = self._keys[0], self._keys[1:]
            self._next_key = self._now + KEY_SECONDS
            self._note("dtmf", digit=self._out.digits)

    def _hang_up(self) -> None:
        self._gone = self._out.hang_up = True


def _shown(step: Step) -> dict[str, Any]:
    return step.model_dump(exclude_unset=True)
