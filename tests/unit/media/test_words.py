"""The product's own words, in the language that is spoken now."""

import pytest

from calls.agent import Agent, Idle
from calls.language import language
from media_service.speaking.words import Words


def agent(**changes: object) -> Agent:
    return Agent.model_validate({"name": "a", "prompt": "p", "detect_language": True, **changes})


def test_they_are_the_agents_language_at_first() -> None:
    words = Words(agent(language="es-MX"))
    assert (words.code, words.now) == ("es-MX", language("es"))
    assert words.slow_filler == language("es").fillers[0]


def test_they_follow_the_callee_and_return() -> None:
    words = Words(agent())
    words.follow("es")
    spanish = language("es")
    assert words.code == "es"
    assert (words.idle_goodbye, words.idle_prompt) == (spanish.idle_goodbye, spanish.idle_prompt)
    assert (words.slow_filler, words.now.time_up) == (spanish.fillers[0], spanish.time_up)
    words.follow("en")
    assert words.idle_goodbye == language("en").idle_goodbye


def test_another_leg_goes_on_in_the_language_that_was_spoken() -> None:
    assert Words(agent(), "fr").now == language("fr")


def test_what_the_agents_file_words_itself_stays() -> None:
    words = Words(agent(filler="Hm.", idle=Idle(prompt="Ask.", goodbye="Bye.")))
    words.follow("es")
    assert (words.slow_filler, words.idle_prompt, words.idle_goodbye) == ("Hm.", "Ask.", "Bye.")


@pytest.mark.parametrize("code", ["en", "de"])
def test_a_tool_that_is_waited_for_has_another_filler_each_time(code: str) -> None:
    words = Words(agent(), code)
    fillers = language(code).fillers
    said = [words.next_filler() for _ in range(len(fillers) + 1)]
    assert said == [*fillers, fillers[0]]
