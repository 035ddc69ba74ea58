"""Who thinks: the agent's own model where there is a key for it, else a stand-in; and who plays the
simulated callees, and judges their calls, for which there is no stand-in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipecat.classifiers.llm.classifier import LLMClassifier
from pipecat.evals.judge import EvalJudge

from calls.agent import Agent
from calls.settings import Settings
from calls.vendor_choice import Llm, LlmChoice
from evals.memory import ENVIRONMENT, Secrets
from media_service.vendors import Vendors, registry

STAND_IN_KEY = "of-a-stand-in"
JUDGE_SECONDS = 30.0
"""A model that reasons takes longer than Pipecat's ten."""


class MindError(ValueError):
    """What was asked for needs a key that is not there. The message says which."""


@dataclass(frozen=True)
class Minds:
    """Who thinks in the calls of one agent."""

    agent: Agent
    """As it is tried: with the stand-in, its model is another."""
    settings: Settings
    secrets: Secrets
    stands_in: bool
    choice: LlmChoice
    """Who plays and judges, if there is a key."""
    missing: str
    """The name of the key that the agent's own model needs."""

    @property
    def told(self) -> str:
        """Who thinks, for people."""
        if self.stands_in:
            return "a stand-in that knows what the prompt says"
        return f"{self.agent.llm.vendor} {self.agent.llm.model}"

    def at(self, url: str) -> Settings:
        """The settings with that address for the stand-in."""
        return self.settings.model_copy(update={"groq_base_url": url}) if url else self.settings

    def judge(self, vendors: Vendors) -> EvalJudge:
        """Who judges one call."""
        model = self.person(vendors)
        return EvalJudge(LLMClassifier(llm=model, timeout=JUDGE_SECONDS), explainer=model)

    def person(self, vendors: Vendors) -> Any:
        """A model of the vendor's, told nothing yet."""
        return registry.load("llm", self.choice.vendor)(vendors, self.agent, self.choice, "")


def find(agent: Agent, environment: Mapping[str, str | None], *, vendor: bool | None) -> Minds:
    """Who thinks for this agent.

    Args:
        environment: with the keys under their names in .env, and endpoints.
        vendor: the agent's own model (True) or a stand-in (False); None: by the keys.

    Raises:
        MindError: the agent's own model is asked for, and there is no key for it.
    """
    secrets = Secrets(environment)
    settings = _settings(environment)
    have = [choice for choice in agent.llm.choices if secrets.has(choice.vendor)]
    missing = ENVIRONMENT[f"{agent.llm.vendor}/api-key"]
    if vendor is True and not have:
        raise MindError(f"{missing} is not set: put it into .env, or leave out `--llm vendor`")
    if have and vendor is not False:
        first, *others = have
        llm = Llm.model_validate({**first.model_dump(exclude={"fallback"}), "fallback": others})
        return Minds(
            agent.model_copy(update={"llm": llm}), settings, secrets, False, first, missing
        )
    alone = agent.model_copy(update={"llm": Llm()})
    keyless = Secrets({"GROQ_API_KEY": STAND_IN_KEY})
    return Minds(alone, settings, keyless, True, LlmChoice(), missing)


def why_nobody_judges(minds: Minds) -> str | None:
    """Why no callee can be simulated, and nothing judged; None, if they can."""
    return f"no key: {minds.missing} is not set" if minds.stands_in else None


def _settings(environment: Mapping[str, str | None]) -> Settings:
    endpoints = {
        name: environment[name]
        for name in ("GROQ_BASE_URL", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL")
        if environment.get(name)
    }
    return Settings.model_validate(
        {
            **endpoints,
            # Whenever it is tried: a callee may be called back at any hour.
            "DIALOUT_CALLING_WINDOW": "00:00-24:00",
            "DIALOUT_PUBLIC_API_URL": "https://api.dialout.invalid",
            "DIALOUT_PUBLIC_WS_URL": "wss://media.dialout.invalid/ws",
        }
    )
