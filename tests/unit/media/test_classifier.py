"""Who answered, by what is heard; in virtual time."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.answered_by import AnsweredBy
from calls.language import language
from media_service.answering.classifier import Classifier, Verdict

VOICEMAIL = "You have reached Tom. Please leave a message after the tone."


def classifier() -> Classifier:
    return Classifier([language("en")])


def spoken(text: str, seconds: float, *, final: bool = True) -> Classifier:
    """Somebody who begins at 1 s, speaks so long and stops."""
    heard = classifier()
    heard.voice(1.0, speaking=True)
    heard.said(text, final=final)
    if final:
        heard.voice(1.0 + seconds, speaking=False)
    return heard


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (VOICEMAIL, "voicemail"),
        ("If you record your name and reason for calling, I'll see if they are in.", "screening"),
        ("Thank you for calling. For sales, press one.", "menu"),
        ("The number you have dialed is not in service.", "unavailable"),
    ],
)
def test_words_in_a_monologue(text: str, who: str) -> None:
    assert spoken(text, 4).known(5.2) == Verdict(AnsweredBy(who), "words")
    assert spoken(text, 4).late(5.2) == Verdict(AnsweredBy(who), "words")


def test_an_interim_is_enough() -> None:
    assert spoken(VOICEMAIL, 3, final=False).known(4) == Verdict(AnsweredBy.VOICEMAIL, "words")


def test_a_machines_words_without_its_shape_are_not() -> None:
    """Until a beep follows."""
    heard = spoken("After the beep?", 0.8)
    assert heard.known(2) is None
    assert heard.brief(2) is None
    assert heard.late(5) == Verdict(AnsweredBy.HUMAN, "deadline")
    heard.beep()
    assert heard.known(5.5) == Verdict(AnsweredBy.VOICEMAIL, "words")


def test_a_monologue_that_nobody_understands_and_a_beep() -> None:
    heard = spoken("", 4)
    assert heard.known(6) is None
    heard.beep()
    assert heard.known(6) == Verdict(AnsweredBy.VOICEMAIL, "beep")


def test_a_beep_alone_is_nothing() -> None:
    """A phone makes more than one sound when it is picked up."""
    heard = classifier()
    heard.beep()
    assert heard.known(1) is None
    assert spoken("Hello?", 0.5).late(4).who is AnsweredBy.HUMAN


@pytest.mark.parametrize("text", ["Hello?", "Hi, yes, this is Sarah. I have a minute."])
def test_who_says_a_little_and_stops_is_a_person(text: str) -> None:
    assert spoken(text, 2).brief(3.2) == Verdict(AnsweredBy.HUMAN, "short")


def test_nobody_is_short_before_they_stop() -> None:
    heard = classifier()
    heard.voice(1.0, speaking=True)
    heard.said("Hello", final=True)
    assert heard.brief(1.5) is None
    heard.voice(1.6, speaking=False)
    heard.said("there", final=False)
    assert heard.brief(1.8) is None
    heard.said("there.", final=True)
    assert heard.brief(2.0) is not None


def test_a_breath_goes_on_over_short_pauses_alone() -> None:
    heard = classifier()
    for begin, end in ((1.0, 2.5), (3.0, 4.4)):
        heard.voice(begin, speaking=True)
        heard.voice(end, speaking=False)
    assert heard.monologue(5)
    apart = classifier()
    for begin, end in ((1.0, 2.5), (4.0, 5.5)):
        apart.voice(begin, speaking=True)
        apart.voice(end, speaking=False)
    assert not apart.monologue(6)


@pytest.mark.parametrize(
    ("word", "who", "how"),
    [
        ("machine_start", "voicemail", "amd"), ("fax", "unavailable", "amd"),
        ("human", "human", "deadline"), ("unknown", "human", "deadline"),
    ],
)  # fmt: skip
def test_twilios_word_counts_where_nothing_was_understood(word: str, who: str, how: str) -> None:
    heard = classifier()
    heard.detect(word)
    assert heard.late(4) == Verdict(AnsweredBy(who), how)


def test_a_person_who_was_heard_is_none_of_twilios_machines() -> None:
    heard = spoken("Hello, who is this?", 1.5)
    heard.detect("machine_start")
    assert heard.late(4).who is AnsweredBy.HUMAN


def test_afterwards_somebody_else_may_be_on_the_line() -> None:
    heard = spoken(VOICEMAIL, 4)
    heard.again()
    assert heard.text == ""
    assert heard.known(9) is None


Event = st.one_of(
    st.tuples(
        st.just("said"), st.sampled_from(["Hello?", VOICEMAIL, "press one", ""]), st.booleans()
    ),
    st.tuples(st.just("voice"), st.booleans(), st.just(None)),
    st.tuples(st.just("beep"), st.none(), st.none()),
)


@given(st.lists(st.tuples(st.floats(0, 3), Event), max_size=30))
def test_somebody_is_always_known_at_the_deadline(
    events: list[tuple[float, tuple[str, Any, Any]]],
) -> None:
    """And a machine only by what machines do."""
    heard, at = classifier(), 0.0
    beeped = False
    for pause, (what, first, second) in events:
        at += pause
        if what == "said":
            heard.said(first, final=second)
        elif what == "voice":
            heard.voice(at, speaking=first)
        else:
            heard.beep()
            beeped = True
    verdict = heard.late(at)
    if verdict.who.is_machine:
        words = language("en").machine(heard.text) is not None
        assert words + beeped + heard.monologue(at) >= 1
        assert words or beeped
    assert not (heard.known(at) and heard.brief(at))
