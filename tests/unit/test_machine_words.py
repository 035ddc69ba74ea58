"""What only machines say, and what people say that sounds like it."""

import re
from pathlib import Path

import pytest
import yaml

from calls import language as languages
from calls.language import MachineWords, language

VECTORS = Path(__file__).parents[1] / "vectors" / "first_words.yaml"
WORDS = yaml.safe_load(VECTORS.read_text(encoding="utf-8"))
KINDS = list(MachineWords.model_fields)


def said(*kinds: str) -> list[tuple[str, str, str]]:
    """Language, kind and text."""
    return [(code, kind, text) for code in WORDS for kind in kinds for text in WORDS[code][kind]]


def test_every_language_is_tried() -> None:
    assert sorted(WORDS) == languages.names()


@pytest.mark.parametrize(("code", "kind", "text"), said(*KINDS))
def test_a_machine_is_known_by_its_words(code: str, kind: str, text: str) -> None:
    assert language(code).machine(text) == kind


@pytest.mark.parametrize(("code", "_", "text"), said("human"))
def test_people_do_not_say_what_machines_say(code: str, _: str, text: str) -> None:
    assert language(code).machine(text) is None


@pytest.mark.parametrize(("code", "_", "text"), said("hold"))
def test_who_asks_to_wait_is_understood(code: str, _: str, text: str) -> None:
    assert language(code).asks_to_hold(text)


def test_hellos_ask_nobody_to_wait() -> None:
    hellos = [(language(code), text) for code in WORDS for text in WORDS[code]["human"][:2]]
    assert not [text for speaks, text in hellos if speaks.asks_to_hold(text)]


@pytest.mark.parametrize("code", languages.names())
def test_no_expression_finds_something_in_nothing(code: str) -> None:
    words = language(code).machine_words
    for expression in (*words.model_dump().values(), language(code).hold_words):
        assert re.search(expression, "") is None
