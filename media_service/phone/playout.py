"""Around the output: what is said, word by word as it goes out, and when it has been heard."""

from collections.abc import Callable
from functools import partial

from pipecat.frames.frames import (
    AggregatedTextFrame,
    CancelFrame,
    EndFrame,
    Frame,
    InterruptionFrame,
    LLMAssistantPushAggregationFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    TTSTextFrame,
    UserIdleTimeoutUpdateFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.utils.text.base_text_aggregator import TextType

from calls.call import now
from media_service.activity import Activity
from media_service.frames import LastWordFrame
from media_service.phone.line import Line
from media_service.phone.utterance import PCM_BYTES_PER_SECOND, Utterance
from media_service.speaking.plain_text import plain_text
from media_service.transcript import Transcript

Utterances = dict[str | None, Utterance]
"""What is being said or about to be, by Pipecat's context id."""


class VoiceTap(FrameProcessor):
    """Ahead of the output: notes each utterance's text and sound as the vendor delivers them."""

    def __init__(self, utterances: Utterances, sounded: Callable[[], None]) -> None:
        super().__init__()
        self._utterances = utterances
        self._sounded = sounded

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Note, and pass on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSTextFrame):
            pass
        elif isinstance(frame, AggregatedTextFrame) and frame.will_be_spoken:
            self._of(frame.context_id).add_text(await plain_text(frame.text))
        elif isinstance(frame, TTSAudioRawFrame):
            self._of(frame.context_id).add_sound(len(frame.audio))
            self._sounded()
        elif isinstance(frame, TTSStoppedFrame):
            self._of(frame.context_id).complete()
        elif isinstance(frame, InterruptionFrame):
            self._utterances.clear()
        await self.push_frame(frame, direction)

    def _of(self, context_id: str | None) -> Utterance:
        return self._utterances.setdefault(context_id, Utterance())


class Playout(FrameProcessor):
    """Behind the output: sees each piece of sound once it has been written.

    Args:
        utterances: shared with the tap.
        last_word: called when a last word has been heard.
        idle_seconds: silence after the last sound heard that makes the callee idle.
        activity: is told of every frame.
    """

    def __init__(
        self,
        line: Line,
        transcript: Transcript,
        utterances: Utterances,
        last_word: Callable[[LastWordFrame], None],
        idle_seconds: float,
        activity: Activity,
    ) -> None:
        super().__init__()
        self._line = line
        self._transcript = transcript
        self._utterances = utterances
        self._last_word = last_word
        self._idle_seconds = idle_seconds
        self._activity = activity
        self._now: Utterance | None = None
        self._silent = False
        self._filler: list[str] | None = None
        self._filler_at = now()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Follow what goes out; the context is given each word right after its sound."""
        await super().process_frame(frame, direction)
        self._activity.see(frame)
        if isinstance(frame, TTSTextFrame):
            return  # Pipecat's guess at what was said; the words come from here.
        if isinstance(frame, TTSStartedFrame):
            self._now = self._utterances.get(frame.context_id)
            self._silent = True
            # What the LLM is not told of. The transcript is, and nobody's wait ends with it.
            self._filler = None if frame.append_to_context else []
        elif isinstance(frame, TTSAudioRawFrame):
            if self._silent:
                self._silent = False
                self._filler_at = now()
                if self._filler is None:
                    self._transcript.agent_sounded()
                await self._idle_after(0)
            unheard = self._line.unplayed_seconds * PCM_BYTES_PER_SECOND
            await self._say(self._now.play(len(frame.audio), unheard) if self._now else [])
        elif isinstance(frame, TTSStoppedFrame | LLMAssistantPushAggregationFrame):
            await self._say(self._now.finish() if self._now else [])
        if isinstance(frame, TTSStoppedFrame | InterruptionFrame | EndFrame | CancelFrame):
            self._end_filler(cut=not isinstance(frame, TTSStoppedFrame))
        await self._note(frame)
        await self.push_frame(frame, direction)

    async def _note(self, frame: Frame) -> None:
        if isinstance(frame, TTSStoppedFrame):
            self._utterances.pop(frame.context_id, None)
            self._now = None
            await self._line.mark(self._heard)
        elif isinstance(frame, LastWordFrame):
            await self._line.mark(partial(self._last_word, frame))
        elif isinstance(frame, InterruptionFrame):
            self._now = None
            await self._idle_after(self._idle_seconds)
        elif isinstance(frame, VADUserStartedSpeakingFrame):
            self._transcript.callee_started()
        elif isinstance(frame, VADUserStoppedSpeakingFrame):
            self._transcript.callee_stopped(frame.timestamp - frame.stop_secs)
        elif isinstance(frame, UserStoppedSpeakingFrame):
            self._transcript.turn_decided()

    def _end_filler(self, *, cut: bool) -> None:
        if self._filler is not None:
            self._transcript.filled(" ".join(self._filler), self._filler_at, interrupted=cut)
            self._filler = None

    async def _say(self, words: list[str]) -> None:
        if self._filler is not None:
            self._filler += words
            return
        for word in words:
            await self.push_frame(TTSTextFrame(word, TextType.WORD))

    def _heard(self) -> None:
        self.create_task(self._idle_after(self._idle_seconds))

    async def _idle_after(self, seconds: float) -> None:
        # By itself Pipecat counts the silence from the last sound SENT. So it does not count while
        # something is still to be heard, and starts when it was.
        await self.push_frame(UserIdleTimeoutUpdateFrame(seconds), FrameDirection.UPSTREAM)
