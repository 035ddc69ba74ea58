"""A way through a company's menu, found by the agent's own LLM, apart from the conversation.

The instructions and the tags of the answers are Pipecat's (``extensions.ivr``). Its navigator
itself takes the LLM's place in a pipeline and has it classify every callee's first words, a
person's too, who would wait for that; here only a line that is known for a menu is navigated.
"""

import asyncio
import re
from dataclasses import dataclass
from typing import Any, Literal

from pipecat.extensions.ivr.ivr_navigator import IVRNavigator
from pipecat.processors.aggregators.llm_context import LLMContext

ANSWER_SECONDS = 5.0
"""A menu repeats itself sooner or later."""
_PERSON = (
    "\n\nIf what you hear is a person who talks to you, and no recording, respond with "
    "`<mode>conversation</mode>` and nothing else."
)
_TAG = re.compile(r"<(dtmf|ivr|mode)>\s*(\S+?)\s*</\1>")


@dataclass(frozen=True)
class Step:
    """What to do now."""

    keys: str = ""
    """To be pressed."""
    words: str = ""
    """To be said, where the menu understands words."""
    then: Literal["wait", "completed", "stuck", "conversation"] = "wait"
    """``wait``: the menu goes on. ``completed``: a person will come. ``conversation``: one has."""


class Navigator:
    """One menu.

    Args:
        llm: the call's own: an LLM, or a stage of several.
        goal: where to get to.
    """

    def __init__(self, llm: Any, goal: str) -> None:
        self._llm = llm
        self._instructions = IVRNavigator.IVR_NAVIGATION_BASE.format(goal=goal) + _PERSON
        self._context = LLMContext()

    async def hear(self, text: str) -> Step:
        """The step that follows on these words of the menu.

        Raises:
            NoStepError: the LLM said nothing in time, or nothing of use.
        """
        self._context.add_message({"role": "user", "content": text})
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reply = await self._llm.run_inference(
                    self._context, system_instruction=self._instructions
                )
        except TimeoutError:
            raise NoStepError("no answer within the deadline") from None
        except Exception as error:  # Every vendor's client has its own.
            raise NoStepError(f"no answer: {type(error).__name__}") from error
        self._context.add_message({"role": "assistant", "content": reply or ""})
        return parsed(reply or "")


class NoStepError(Exception):
    """The LLM did not say how to go on. The message quotes nothing of the menu."""


def parsed(reply: str) -> Step:
    """The LLM's reply, read.

    Raises:
        NoStepError: there is nothing in it.
    """
    tags = _TAG.findall(reply)
    keys = "".join(value for tag, value in tags if tag == "dtmf" and re.fullmatch(r"[\d*#]", value))
    words = " ".join(_TAG.sub(" ", reply).split())
    if ("mode", "conversation") in tags:
        return Step(then="conversation")
    status = next((value for tag, value in tags if tag == "ivr"), "wait")
    if status == "stuck":
        return Step(then="stuck")
    if not tags and not words:
        raise NoStepError("an empty answer")
    return Step(keys, words, "completed" if status == "completed" else "wait")
