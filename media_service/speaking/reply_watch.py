"""Between the LLM and the voice: whether an answer comes in time, and whether it is the last."""

from collections.abc import Callable, Collection
from functools import partial

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    FunctionCallResultFrame,
    FunctionCallResultProperties,
    FunctionCallsStartedFrame,
    InterruptionFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSSpeakFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from media_service.deadline import Deadline
from media_service.frames import FillerFrame, LastWordFrame, LeavingResult, QuietResult

TOKEN_SECONDS = 4.0
"""From the end of the callee's turn to the LLM's first token, and from one token to the next."""
SOUND_SECONDS = 2.0
"""From the last word of a text to the first sound of it."""
FILLER_SECONDS = 1.5
"""From the end of the callee's turn to a filler, if no word of the answer has come."""
_VOICE_STARTS = (UserStartedSpeakingFrame, VADUserStartedSpeakingFrame)
_VOICE_STOPS = (UserStoppedSpeakingFrame, VADUserStoppedSpeakingFrame)
_ANSWER = (LLMFullResponseStartFrame, LLMTextFrame, LLMFullResponseEndFrame)


class ReplyWatch(FrameProcessor):
    """Reports an LLM or a voice that is late, and lets the agent leave after its last words.

    An LLM that is slow, but not late yet, has a filler said in its place, once a turn.

    The agent leaves with the answer that called a tool whose result is a ``LeavingResult``, or at
    once by ``take_leave``. Then the LLM is not listened to any more.

    Args:
        late: called with ``llm`` or ``tts``, once per lateness.
        worded: called with every word that is to be said, or more of them.
        leaving: the tools by which the agent leaves.
        filler: gives what is said while the LLM is slow; empty: nothing is.

    Attributes:
        last_word: the frame behind the last words, once they are on their way. An earlier one may
            still come out at the other end, and means nothing then.
    """

    def __init__(
        self,
        late: Callable[[str], None],
        worded: Callable[[], None] = lambda: None,
        leaving: Collection[str] = (),
        filler: Callable[[], str] = lambda: "",
    ) -> None:
        super().__init__()
        self.last_word: LastWordFrame | None = None
        self._filler = filler
        self._worded = worded
        self._tools = leaving
        self._last = False
        """The answer whose end comes next asked to leave."""
        self._complete = False
        """That end has come: what the LLM says on top of it is not said."""
        self._open = False
        self._words = ""
        """Of the present answer, or the last."""
        self._filled = False
        self._unanswered = False
        """The callee's turn has had no word yet, and no filler for it."""
        self._spoken_to = False
        """The callee is speaking."""
        self._leaving: LeavingResult | None = None
        self._parting: str | None = None
        self._hushed = False
        self._sounding = False
        self._late = late
        self._token = Deadline(partial(late, "llm"))
        self._sound = Deadline(self._no_sound)
        self._patience = Deadline(self._slow)

    def sounded(self) -> None:
        """The voice's vendor has sent sound."""
        self._sound.drop()

    def expect_sound(self) -> None:
        """Another voice has just been given the words that are still to be heard."""
        self._sound.set(SOUND_SECONDS)

    def hush(self) -> None:
        """From now on nothing that the LLM says is said, and it is not asked."""
        self._hushed = True
        self._leaving = None
        self._expect_nothing()

    async def interrupt(self) -> None:
        """Stop what is being said, and thought, as a callee who speaks would."""
        self._forget_answer()
        await self.broadcast_interruption()  # type: ignore[no-untyped-call]

    async def take_leave(self, words: str) -> None:
        """Say these as the last words, to their end."""
        self.hush()
        self._parting = words
        await self._part()

    def stay(self) -> None:
        """The agent does not leave after all."""
        self.last_word = self._parting = None
        self._hushed = self._last = self._complete = False

    async def cleanup(self) -> None:
        """Forget the deadlines."""
        self._expect_nothing()
        await super().cleanup()  # type: ignore[no-untyped-call]

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Watch what passes."""
        await super().process_frame(frame, direction)
        if isinstance(frame, FillerFrame):
            await self._fill(frame)
            return
        if self._hushed and isinstance(frame, LLMTextFrame | LLMContextFrame):
            return
        if isinstance(frame, LLMTextFrame) and not self._open:
            return  # Of an answer that was interrupted: the interruption overtook it on its way.
        if self._complete and isinstance(frame, _ANSWER):
            return  # Begun before the LLM's wish to leave was known: to a turn that came in two.
        if isinstance(frame, FunctionCallResultFrame) and direction is FrameDirection.DOWNSTREAM:
            self._settle(frame)
        await self.push_frame(frame, direction)
        self._note_voices(frame)
        if isinstance(frame, InterruptionFrame):
            self._forget_answer()
            if self._parting:
                # Nobody may cut these: it was on its way before, from a key or a word.
                await self._part()
            await self._maybe_leave()
        elif direction is FrameDirection.DOWNSTREAM:
            await self._follow(frame)

    def _note_voices(self, frame: Frame) -> None:
        if isinstance(frame, _VOICE_STARTS):
            self._spoken_to = True
            self._patience.drop()
        elif isinstance(frame, _VOICE_STOPS):
            self._spoken_to = False
            self._unanswered |= isinstance(frame, UserStoppedSpeakingFrame)
            self._be_patient()
        elif isinstance(frame, BotStartedSpeakingFrame | BotStoppedSpeakingFrame):
            self._sounding = isinstance(frame, BotStartedSpeakingFrame)

    async def _follow(self, frame: Frame) -> None:
        if isinstance(frame, LLMFullResponseStartFrame):
            self._open, self._words, self._filled = True, "", False
            self._expect_token()
            self._be_patient()
        elif isinstance(frame, LLMTextFrame):
            self._words += frame.text
            self._worded()
            self._expect_token()
            self._answered()
        elif isinstance(frame, FunctionCallsStartedFrame):
            self._token.drop()
            self._patience.drop()
            # It comes ahead of the rest of its answer, and always ahead of that answer's end.
            self._last = any(call.function_name in self._tools for call in frame.function_calls)
        elif isinstance(frame, TTSSpeakFrame):
            self._worded()
            self._sound.set(SOUND_SECONDS)
        elif isinstance(frame, LLMFullResponseEndFrame):
            self._open = False
            self._complete = self._last
            self._token.drop()
            self._patience.drop()
            if self._said:
                self._sound.set(SOUND_SECONDS)
            await self._maybe_leave()
        elif isinstance(frame, FunctionCallResultFrame):
            await self._maybe_leave()

    def _settle(self, frame: FunctionCallResultFrame) -> None:
        result = frame.properties
        if frame.function_name in self._tools and not isinstance(result, LeavingResult):
            self._last = self._complete = False
        if isinstance(result, LeavingResult) and not self._hushed:
            self._leaving = result
        elif isinstance(result, QuietResult) and self._words.rstrip().endswith("?"):
            # The callee was asked something in the same breath: it is their turn.
            frame.properties = FunctionCallResultProperties(run_llm=False)

    async def _maybe_leave(self) -> None:
        if self._leaving and not self._open:
            otherwise, self._leaving = self._leaving.otherwise, None
            if not self._said:
                await self._speak(otherwise)
            self._hushed = True
            self.last_word = LastWordFrame()
            await self.push_frame(self.last_word)

    async def _part(self) -> None:
        assert self._parting is not None
        await self._speak(self._parting)
        self.last_word = LastWordFrame()
        await self.push_frame(self.last_word)

    async def _fill(self, frame: FillerFrame) -> None:
        if self._said or self._filled or self._leaving or self._hushed:
            return
        if frame.slow and not (self._open and self._unanswered and not self._spoken_to):
            return  # The answer, or the callee, was faster.
        self._filled, self._unanswered = True, False
        if frame.slow:
            await self.push_frame(TTSSpeakFrame(frame.text, append_to_context=False))
            self._sound.set(SOUND_SECONDS)
        else:
            await self._speak(frame.text)

    async def _speak(self, words: str) -> None:
        self._worded()
        await self.push_frame(TTSSpeakFrame(words))
        self._sound.set(SOUND_SECONDS)

    @property
    def _said(self) -> bool:
        return bool(self._words.strip())

    def _forget_answer(self) -> None:
        self._open, self._words = False, ""
        self._last = self._complete = False
        self._expect_nothing()

    def _answered(self) -> None:
        if self._said:
            self._unanswered = False
            self._patience.drop()

    def _expect_token(self) -> None:
        # Of an LLM that nobody listens to, nothing is expected.
        if not self._hushed:
            self._token.set(TOKEN_SECONDS)

    def _expect_nothing(self) -> None:
        for each in (self._token, self._sound, self._patience):
            each.drop()

    def _be_patient(self) -> None:
        waited_for = self._unanswered and self._open and not (self._said or self._spoken_to)
        if self._filler() and waited_for and not self._hushed:
            self._patience.set(FILLER_SECONDS)

    def _slow(self) -> None:
        self.create_task(self.queue_frame(FillerFrame(self._filler(), slow=True)))

    def _no_sound(self) -> None:
        # While something is still being said, what comes next waits behind it.
        if self._sounding:
            self._sound.set(SOUND_SECONDS)
        else:
            self._late("tts")
