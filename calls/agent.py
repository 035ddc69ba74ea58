"""An agent: who calls, what it says first, how it behaves. One YAML file in ``agents/``."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from calls.answering import Answering
from calls.language import Language, language, names
from calls.refused import AgentError
from calls.tools import Https, ObjectSchema, Tools
from calls.variable import VARIABLE, Value
from calls.vendor_choice import Llm, Section, Stt, Tts, TtsChoice


class MissingVariableError(AgentError):
    """The agent's texts use variables that neither the request nor the file gives."""

    def __init__(self, agent: str, names: list[str]) -> None:
        self.names = names
        super().__init__(
            f"agent {agent!r} needs the variables {', '.join(names)}: give them in `variables`, or "
            "a value that stands in for each in the agent's file"
        )


class Idle(Section):
    """What happens when nobody speaks."""

    after_seconds: float = Field(5.0, gt=0, le=60)
    """Silence, counted from when the agent's last sound was heard."""
    tries: int = Field(2, ge=0, le=10)
    """So many times the agent picks the conversation up; then it says goodbye."""
    prompt: str | None = None
    """Told to the LLM when the silence is to be broken; by default the language's."""
    goodbye: str | None = None
    """Spoken as it stands, when all tries were in vain; by default the language's."""


class Agent(Section):
    """One agent. ``{{name}}`` in its texts stands for a variable of the call."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    """The file's name without ``.yaml``."""
    description: str = ""
    purpose: Literal["informational", "marketing"] = "informational"
    """``marketing``: nobody is phoned without a consent on record."""
    language: str = Field("en", pattern=r"^[a-z]{2}(-[A-Z]{2})?$")
    detect_language: bool = False
    """Understand other languages too, and answer in the one that is spoken (Deepgram's
    ``multi``)."""
    greeting: str | None = Field(None, min_length=1, max_length=1000)
    """The agent speaks first; these are its words. Without them the LLM writes its opening, while
    it rings."""
    ai_disclosure: bool = True
    """The greeting says that an AI speaks: by the language's own sentence, if it does not by
    itself."""
    prompt: str = Field(min_length=1, max_length=20_000)
    """The LLM's system message."""
    variables: dict[str, Value] = Field(default_factory=dict)
    """What a variable is when the request does not give it."""
    context_url: Https | None = None
    """Asked while it rings, with the call's number and variables: JSON whose fields become
    variables too, such as what a CRM knows of the callee. Two seconds at most, and the call does
    not wait for it: whatever it might give needs a value in ``variables`` that stands in for it."""
    stt: Stt = Stt()
    llm: Llm = Llm()
    tts: Tts = Tts()
    filler: str | None = Field(None, max_length=200, pattern=r"^[^{}]*[^{}\s][^{}]*$")
    """Said when the LLM takes longer than 1.5 s, once a turn at most; no variables. By default the
    first of the language's ``fillers``."""
    noise_filter: Literal["rnnoise", "none"] = "none"
    idle: Idle = Idle()
    answering: Answering = Answering()
    tools: Tools = Tools()
    opt_out_key: Annotated[str, Field(pattern=r"^[0-9*#]$")] | None = None
    """A key that lists the callee among those never to be phoned again; say so in the greeting."""
    outcome: ObjectSchema | None = None
    """What is to come of a call, as a JSON schema: the record ends with a value of it."""
    recording: Literal["notice", "ask", "never"] = "notice"
    """``notice``: the call is recorded, and the greeting says so; ``ask``: only after the callee
    agreed."""
    max_call_seconds: int | None = Field(None, ge=30, le=14_400)

    @field_validator("language")
    @classmethod
    def _is_known(cls, code: str) -> str:
        language(code)
        return code

    @field_validator("prompt", "greeting")
    @classmethod
    def _one_spacing(cls, text: str | None) -> str | None:
        return text and text.strip()

    @model_validator(mode="after")
    def _machines_are_answered(self) -> "Agent":
        chosen = self.answering
        if chosen.voicemail == "leave_message" and not chosen.message:
            raise ValueError("answering: `voicemail: leave_message` needs a `message`")
        if chosen.menu == "navigate" and not chosen.menu_goal:
            raise ValueError("answering: `menu: navigate` needs a `menu_goal`")
        return self

    @model_validator(mode="after")
    def _somebody_speaks_it(self) -> "Agent":
        for choice in self.tts.choices:
            if not choice.voice and choice.vendor not in self.speaks.voices:
                raise ValueError(
                    f"tts: there is no usual voice of {choice.vendor} for {self.speaks.name}: name "
                    "one as `voice`, or take another vendor"
                )
        if self.detect_language and self.stt.vendor != "deepgram":
            raise ValueError("detect_language: only the vendor deepgram detects it; see `stt`")
        return self

    @property
    def vendors(self) -> frozenset[str]:
        """All whom it names, fallbacks too."""
        sections = (self.stt, self.llm, self.tts)
        return frozenset(choice.vendor for section in sections for choice in section.choices)

    def voice(self, choice: TtsChoice) -> str:
        """The voice that this agent has at one of its vendors."""
        return choice.voice or self.speaks.voices[choice.vendor]

    @property
    def speaks(self) -> Language:
        """The agent's language."""
        return language(self.language)

    @property
    def hears(self) -> list[Language]:
        """The languages in which it is to be understood."""
        codes = names() if self.detect_language else [self.language]
        return [language(code) for code in codes]

    def backchannel(self, text: str) -> bool:
        """Whether a callee who says this over the agent's voice only listens."""
        return any(each.backchannel(text) for each in self.hears)

    def asks_to_hold(self, text: str) -> bool:
        """Whether a callee who says this asks to wait."""
        return any(each.asks_to_hold(text) for each in self.hears)

    def disclosed(self, opening: str) -> str:
        """An opening with what it has to disclose and does not yet say put after it."""
        said = [opening]
        if self.ai_disclosure and not self.speaks.says_ai(opening):
            said.append(self.speaks.ai_disclosure)
        if self.recording == "notice" and not self.speaks.says_recorded(opening):
            said.append(self.speaks.recording_notice)
        if self.recording == "ask" and not self.speaks.says_recorded(opening):
            said.append(self.speaks.recording_question)
        return " ".join(said)

    @property
    def opening(self) -> str | None:
        """The greeting with all that it has to disclose; None, if the LLM is to write it."""
        return None if self.greeting is None else self.disclosed(self.greeting)

    def render(self, text: str, given: dict[str, Value]) -> str:
        """One of this agent's texts with its variables put in.

        Raises:
            MissingVariableError: a variable has no value.
        """
        values = {**self.variables, **given}
        missing = sorted({name for name in VARIABLE.findall(text) if name not in values})
        if missing:
            raise MissingVariableError(self.name, missing)
        return VARIABLE.sub(lambda found: str(values[found[1]]), text)

    def check(self, given: dict[str, Value]) -> None:
        """Nothing, if every text can be rendered with these variables.

        Raises:
            MissingVariableError: one cannot; it names every missing variable.
        """
        texts = (
            self.opening, self.prompt, self.idle.prompt, self.idle.goodbye,
            self.answering.message, self.answering.screening_reply, self.answering.menu_goal,
        )  # fmt: skip
        self.render("\n".join(text for text in texts if text), given)
