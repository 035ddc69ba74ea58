"""Words against sound."""

from hypothesis import given
from hypothesis import strategies as st

from media_service.phone.utterance import PCM_BYTES_PER_SECOND, Utterance

TEXT = "One two three four five six seven eight nine ten."


def utterance(seconds: float, *, complete: bool) -> Utterance:
    spoken = Utterance()
    spoken.add_text(TEXT)
    spoken.add_sound(round(seconds * PCM_BYTES_PER_SECOND))
    if complete:
        spoken.complete()
    return spoken


def test_half_of_the_sound_is_half_of_the_letters() -> None:
    assert utterance(4, complete=True).play(2 * PCM_BYTES_PER_SECOND) == [
        "One", "two", "three", "four", "five",
    ]  # fmt: skip


def test_a_word_counts_once_it_is_over() -> None:
    spoken = utterance(len(TEXT), complete=True)
    assert spoken.play(3 * PCM_BYTES_PER_SECOND - 2) == []
    assert spoken.play(2) == ["One"]
    assert spoken.play(0) == []


def test_before_all_of_the_sound_is_there_a_common_pace_stands_in() -> None:
    spoken = utterance(0.5, complete=False)
    assert spoken.play(PCM_BYTES_PER_SECOND // 2) == ["One", "two"]


def test_a_second_sentence_goes_on_after_the_first() -> None:
    spoken = utterance(4, complete=False)
    told = spoken.play(4 * PCM_BYTES_PER_SECOND)
    spoken.add_text("Eleven.")
    assert told + spoken.finish() == [*TEXT.split(), "Eleven."]


def test_sound_without_text_says_nothing() -> None:
    spoken = Utterance()
    spoken.add_sound(320)
    assert spoken.play(320) == []
    assert spoken.finish() == []


@given(
    st.lists(st.text(st.characters(codec="ascii"), max_size=30), max_size=4),
    st.lists(st.integers(0, 40_000), max_size=30),
    st.booleans(),
)
def test_every_word_is_told_once_and_in_order(
    sentences: list[str], chunks: list[int], complete: bool
) -> None:
    spoken = Utterance()
    for sentence in sentences:
        spoken.add_text(sentence)
    for chunk in chunks:
        spoken.add_sound(chunk)
    if complete:
        spoken.complete()
    told = [word for chunk in chunks for word in spoken.play(chunk)]
    assert told + spoken.finish() == " ".join(sentences).split()


def test_a_word_counts_when_it_is_heard_and_not_when_it_is_sent() -> None:
    spoken = utterance(len(TEXT), complete=True)
    second = PCM_BYTES_PER_SECOND
    assert spoken.play(7 * second, unheard=4 * second) == ["One"]
    assert spoken.play(0, unheard=0) == ["two"]
    assert spoken.play(0, unheard=20 * second) == []


def test_what_went_out_before_counts_with_the_next_piece() -> None:
    spoken = utterance(len(TEXT), complete=True)
    spoken.begin_at(3 * PCM_BYTES_PER_SECOND)
    assert spoken.play(2) == ["One"]


@given(st.lists(st.text("abc", min_size=1, max_size=6), max_size=20), st.integers(0, 400_000))
def test_what_is_left_are_the_words_without_sound(words: list[str], size: int) -> None:
    utterance = Utterance()
    utterance.add_text(" ".join(words))
    utterance.add_sound(size)
    assert utterance.play(size) + utterance.left.split() == words
    if not size:
        assert utterance.left.split() == words
