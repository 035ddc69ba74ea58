"""Whoever has the number that is phoned: it rings there, and somebody answers, or not."""

import asyncio
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from rehearsal.scenario import Callee as CalleePart
from rehearsal.scenario import Step

from . import clip
from .callee import Callee
from .line import Person

Note = Callable[..., None]
"""Logs an event, now: its name, and its details by keyword."""


class Phoned(Protocol):
    """One person for one call."""

    machine: bool
    """It answers, and is none."""

    async def get_ready(self, note: Note) -> Person:
        """Who will be on the line, if it is answered. Once, before it rings."""

    async def ring(self, seconds: float) -> str:
        """Ring, for so long at most: ``answered``, ``busy``, ``no-answer`` or ``failed``."""

    def leave(self) -> None:
        """The call is over for them, however it ended."""


class Scripted:
    """A scenario's person.

    Args:
        part: What they do.
        voices: The folder of clips.
    """

    def __init__(self, part: CalleePart, voices: Path) -> None:
        self.machine = part.outcome == "machine"
        self._part = part
        self._voices = voices

    async def get_ready(self, note: Note) -> Callee:
        """Somebody who plays that part, with every clip at hand; a machine beeps at its end."""
        script, sounds = list(self._part.script), {}
        for name in {step.say for step in script if step.say is not None}:
            try:
                sounds[name] = await asyncio.to_thread(clip.load, self._voices, name)
            except (OSError, EOFError, ValueError, wave.Error) as error:
                note("callee_clip_unusable", clip=name, why=str(error))
        if self.machine:
            beep = clip.beep()
            script.append(Step(say=beep.name))
            sounds[beep.name] = beep
        return Callee(script, sounds, self._part.patience)

    async def ring(self, seconds: float) -> str:
        """As long as the scenario says."""
        await asyncio.sleep(min(self._part.rings_for, seconds))
        if self._part.rings_for > seconds:
            return "no-answer"
        return "answered" if self.machine else self._part.outcome

    def leave(self) -> None:
        """A script minds nothing."""


class Nobody:
    """Nobody has that number: it rings, and rings."""

    machine = False

    async def get_ready(self, _: Note) -> Person:
        """Somebody who never says a word, since it is never answered."""
        return Callee((), {}, 0)

    async def ring(self, seconds: float) -> str:
        """To the end."""
        await asyncio.sleep(seconds)
        return "no-answer"

    def leave(self) -> None:
        """Nobody minds."""
