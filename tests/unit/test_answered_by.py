"""Who answered, as Twilio tells it and as we heard it."""

from datetime import timedelta

import pytest

from calls.answered_by import AnsweredBy, decided, detected
from calls.call import Call, now

AT = now()


def call() -> Call:
    return Call(
        call_id="01CALL", to_number="+15550100001", from_number="+15550000001", agent="amelia",
        api_key="test", created_at=AT, max_call_seconds=600,
        stream_until=AT + timedelta(minutes=10),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("word", "who"),
    [
        ("human", "human"), ("machine_start", "voicemail"), ("machine_end_beep", "voicemail"),
        ("machine_end_silence", "voicemail"), ("machine_end_other", "voicemail"),
        ("fax", "unavailable"), ("unknown", None),
    ],
)  # fmt: skip
def test_twilios_words(word: str, who: str | None) -> None:
    told = detected(call(), word, AT)
    assert told.answered_by == who
    assert [(entry.event, entry.detail) for entry in told.timeline] == [("amd", word)]


def test_a_word_that_twilio_does_not_have_changes_nothing() -> None:
    before = call()
    assert detected(before, "martian", AT) is before


def test_told_twice_it_stands_once() -> None:
    told = detected(call(), "human", AT)
    assert detected(told, "machine_start", AT) is told


def test_what_we_heard_stands_whichever_comes_first() -> None:
    heard = decided(call(), AnsweredBy.SCREENING, "words", AT)
    assert detected(heard, "machine_start", AT).answered_by == "screening"
    told = detected(call(), "machine_start", AT)
    assert decided(told, AnsweredBy.HUMAN, "words", AT).answered_by == "human"


def test_the_timeline_says_who_and_how() -> None:
    (entry,) = decided(call(), AnsweredBy.MENU, "words", AT).timeline
    assert (entry.event, entry.detail) == ("answered_by", "menu: words")


def test_everybody_but_a_human_is_a_machine() -> None:
    assert [who for who in AnsweredBy if not who.is_machine] == ["human"]
