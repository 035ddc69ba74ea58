"""One stage of a pipeline with several vendors: when one fails, the next goes on in its place.

The vendor that fails may owe something: an answer, words that are not spoken yet, speech that is
not transcribed. A stage remembers the frames that it was given and that are not settled, and gives
them to the next vendor. Pipecat's switcher lets no frame out twice, so nobody downstream notices.
"""

import logging
from collections import deque
from typing import Any

from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    ServiceSwitcherRequestMetadataFrame,
    StartFrame,
    SystemFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    TTSStoppedFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.llm_switcher import LLMSwitcher
from pipecat.pipeline.service_switcher import ServiceSwitcher, ServiceSwitcherStrategy
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.filters.function_filter import FunctionFilter
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from media_service.phone.left_to_say import without, words
from media_service.phone.utterance import Utterance
from media_service.speaking.broken_off import going_on

log = logging.getLogger(__name__)

UNSETTLED_CHUNKS = 750
"""Of 20 ms: 15 s of sound that may not be transcribed yet."""
_PASSING = (SystemFrame, StartFrame, EndFrame, CancelFrame)


class InTurn(ServiceSwitcherStrategy):
    """Each service until it fails, in the order given. None of them comes back in the same call:
    a callee has not the time to find out whether it is well again."""

    stage: "Stage"

    def __init__(self, services: list[FrameProcessor]) -> None:
        super().__init__(services)
        self._given_up: list[FrameProcessor] = []

    def give_up(self) -> FrameProcessor | None:
        """Who takes over from the active service; None, if nobody is left."""
        failed = self.active_service
        self._given_up.append(failed)
        left = [s for s in self.usable_services if s not in self._given_up]
        return left[0] if left else None

    def activate(self, service: FrameProcessor) -> None:
        """Send everything there from now on."""
        self._active_service = service

    async def tell(self, service: FrameProcessor) -> None:
        """Call those who want to know of a change."""
        await self._call_event_handler("on_service_switched", service)

    def absorbs(self, error: ErrorFrame) -> bool:
        """Whether it comes from a service that nothing is expected of any more."""
        return error.processor in self._given_up and self.stage.taking_over

    async def handle_error(self, error: ErrorFrame) -> FrameProcessor | None:
        """Any error of the active service is one too many, as it is in a stage of one service."""
        if self.absorbs(error):
            return self.active_service
        return self.active_service if self.stage.fail_over() else None


class Stage(ServiceSwitcher[InTurn]):
    """Services of which one is active. The strategy's ``on_service_switched`` tells of a change.

    What goes wrong with the last one is reported as it would be without a stage.
    """

    def __init__(self, services: list[FrameProcessor]) -> None:
        super().__init__(services, InTurn)
        self.strategy.stage = self
        self.taking_over = False

    @property
    def active(self) -> FrameProcessor:
        """Who does the work now."""
        return self.strategy.active_service

    def fail_over(self) -> bool:
        """Have the next service go on in place of the active one. False: there is none."""
        failed, following = self.active, self.strategy.give_up()
        if following is None:
            self.taking_over = False
            return False
        # In a task of its own: the failing service's may be the one that this runs in.
        self.taking_over = True
        self.create_task(self._take_over(failed, following))
        return True

    async def _take_over(self, failed: FrameProcessor, following: FrameProcessor) -> None:
        owed = self._owed()
        self.strategy.activate(following)
        await self._close_what_is_open()
        await following.queue_frame(ServiceSwitcherRequestMetadataFrame(service=following))
        for frame, direction in owed:
            await following.queue_frame(frame, direction)
        # It stops what it is at; nothing that it still says comes out.
        await failed.queue_frame(InterruptionFrame())
        self.taking_over = False
        await self.strategy.tell(following)

    def _owed(self) -> list[tuple[Frame, FrameDirection]]:
        """What the next service is to be given, in order."""
        return []

    async def _close_what_is_open(self) -> None:
        """Tell those behind that the failed service will not end what it began."""

    @staticmethod
    def _make_pipeline_definitions(
        services: list[FrameProcessor], strategy: ServiceSwitcherStrategy
    ) -> list[Any]:
        # Pipecat's filters keep frames from an inactive service. One more keeps what it still has
        # to say from those behind it.
        def ends_with(service: FrameProcessor) -> FunctionFilter:
            async def is_active(_: Frame) -> bool:
                return service is strategy.active_service

            return FunctionFilter(is_active, filter_system_frames=True, enable_direct_mode=True)

        definitions = ServiceSwitcher._make_pipeline_definitions(services, strategy)
        return [[*d, ends_with(s)] for d, s in zip(definitions, services, strict=True)]


class SttStage(Stage):
    """Ears. The next one hears again what is not transcribed yet."""

    def __init__(self, services: list[FrameProcessor]) -> None:
        super().__init__(services)
        self._unsettled: deque[tuple[Frame, FrameDirection]] = deque(maxlen=UNSETTLED_CHUNKS)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Remember sound, and where in it the voice starts and stops."""
        sound = isinstance(frame, InputAudioRawFrame) and direction is FrameDirection.DOWNSTREAM
        voice = isinstance(frame, VADUserStartedSpeakingFrame | VADUserStoppedSpeakingFrame)
        if sound or (voice and direction is FrameDirection.UPSTREAM):
            self._unsettled.append((frame, direction))
        await super().process_frame(frame, direction)

    async def push_frame(
        self, frame: Frame, direction: FrameDirection = FrameDirection.DOWNSTREAM
    ) -> None:
        """What is transcribed is settled."""
        if isinstance(frame, TranscriptionFrame):
            self._unsettled.clear()
        await super().push_frame(frame, direction)

    def _owed(self) -> list[tuple[Frame, FrameDirection]]:
        return list(self._unsettled)


class LlmStage(Stage, LLMSwitcher[InTurn]):
    """Minds. The next one answers what is not answered, or goes on where the answer broke off."""

    def __init__(self, services: list[FrameProcessor]) -> None:
        super().__init__(services)
        self._asked: LLMContextFrame | None = None
        self._open = False
        self._said = ""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Remember what is to be answered."""
        if isinstance(frame, LLMContextFrame):
            self._asked, self._said = frame, ""
        elif isinstance(frame, InterruptionFrame):
            self._asked = None
        await super().process_frame(frame, direction)

    async def push_frame(
        self, frame: Frame, direction: FrameDirection = FrameDirection.DOWNSTREAM
    ) -> None:
        """Follow the answer."""
        if isinstance(frame, LLMFullResponseStartFrame):
            self._open = True
        elif isinstance(frame, LLMTextFrame):
            self._said += frame.text
        elif isinstance(frame, LLMFullResponseEndFrame):
            self._open = False
            if not self.taking_over:
                self._asked = None
        await super().push_frame(frame, direction)

    async def run_inference(self, context: LLMContext, **kwargs: Any) -> str | None:
        """An answer beside the conversation: by whoever gives one first, from the active one on."""
        left = self.llms[self.llms.index(self.active_llm) :]
        for llm in left[:-1]:
            try:
                return await llm.run_inference(context=context, **kwargs)
            except Exception:
                log.warning("a vendor fails beside the conversation, and the next is asked")
        return await left[-1].run_inference(context=context, **kwargs)

    def _owed(self) -> list[tuple[Frame, FrameDirection]]:
        if self._asked is None:
            return []
        context = going_on(self._asked.context, self._said)
        return [(LLMContextFrame(context), FrameDirection.DOWNSTREAM)]

    async def _close_what_is_open(self) -> None:
        if self._open:
            await self.push_frame(LLMFullResponseEndFrame())


class TtsStage(Stage):
    """Voices. The next one says what has not been said, to within a word or two."""

    def __init__(self, services: list[FrameProcessor]) -> None:
        super().__init__(services)
        self._given: list[Frame] = []
        self._sounded = Utterance()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Remember what is to be said, and what comes after it."""
        if direction is FrameDirection.DOWNSTREAM:
            if isinstance(frame, InterruptionFrame):
                self._given = [given for given in self._given if not given.interruptible]
                self._sounded = Utterance()
            elif not isinstance(frame, _PASSING):
                self._given.append(frame)
        await super().process_frame(frame, direction)

    async def push_frame(
        self, frame: Frame, direction: FrameDirection = FrameDirection.DOWNSTREAM
    ) -> None:
        """What has come out as sound is settled."""
        if direction is FrameDirection.DOWNSTREAM:
            if isinstance(frame, TTSAudioRawFrame):
                self._sounded.add_sound(len(frame.audio))
            elif isinstance(frame, TTSStoppedFrame):
                self._settle_speak()
            elif isinstance(frame, LLMFullResponseEndFrame):
                self._settle_to(frame)
            elif not isinstance(frame, LLMFullResponseStartFrame):
                self._given = [given for given in self._given if given is not frame]
        await super().push_frame(frame, direction)

    @property
    def owes_sound(self) -> bool:
        """Whether something that it was given has still to be heard."""
        return any(words(frame).strip() for frame in self._given)

    def _settle_speak(self) -> None:
        # Within an LLM's answer, the end of the answer settles all of it.
        answers = [isinstance(frame, LLMFullResponseStartFrame) for frame in self._given]
        before = self._given[: answers.index(True)] if any(answers) else self._given
        said = next((frame for frame in before if isinstance(frame, TTSSpeakFrame)), None)
        if said:
            self._given = [frame for frame in self._given if frame is not said]
            self._sounded = Utterance()

    def _settle_to(self, end: Frame) -> None:
        ends = [index for index, frame in enumerate(self._given) if frame is end]
        if ends:
            self._given = self._given[ends[0] + 1 :]
            self._sounded = Utterance()

    def _owed(self) -> list[tuple[Frame, FrameDirection]]:
        text = " ".join(words(frame) for frame in self._given)
        self._sounded.add_text(text)
        over = len(self._sounded.play(self._sounded.received))
        self._sounded = Utterance()
        self._given = without(self._given, over)
        return [(frame, FrameDirection.DOWNSTREAM) for frame in self._given]
