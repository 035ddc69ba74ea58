"""What was sent and not heard."""

from hypothesis import given
from hypothesis import strategies as st

from media_service.phone.unheard import BYTES_PER_SECOND, Piece, Unheard, seconds


def mark() -> None:
    """Nothing."""


def test_what_was_heard_is_not_taken_back() -> None:
    unheard = Unheard()
    unheard.sound(b"a" * 800, 10.0)
    unheard.mark(mark)
    unheard.sound(b"b" * 800, 10.0)
    assert unheard.until == 10.2
    assert unheard.take_back(10.15) == [mark, b"b" * 400]
    assert unheard.take_back(10.15) == []
    assert unheard.until == 0


def test_a_mark_is_kept_until_it_is_told() -> None:
    unheard = Unheard()
    unheard.mark(mark)
    unheard.sound(b"a" * 80, 10.0)
    unheard.heard(mark)
    assert unheard.take_back(10.0) == [b"a" * 80]


def test_only_sound_takes_time() -> None:
    assert seconds([b"a" * 80, mark, b"b" * 80]) == 0.02


@given(
    st.lists(st.one_of(st.binary(min_size=1, max_size=900), st.just(mark)), max_size=20),
    st.floats(0, 3),
)
def test_what_is_taken_back_is_the_end_of_what_was_sent(pieces: list[Piece], after: float) -> None:
    """To the sample; and no mark is lost that lies behind it."""
    unheard = Unheard()
    for piece in pieces:
        if isinstance(piece, bytes):
            unheard.sound(piece, 10.0)
        else:
            unheard.mark(piece)
    sent = b"".join(piece for piece in pieces if isinstance(piece, bytes))
    back = unheard.take_back(10.0 + after)
    rest = b"".join(piece for piece in back if isinstance(piece, bytes))
    assert sent.endswith(rest)
    assert abs(len(rest) - max(0, len(sent) - after * BYTES_PER_SECOND)) <= len(pieces)
    assert back.count(mark) <= pieces.count(mark)
    if rest == sent:
        assert back.count(mark) == pieces.count(mark)
    assert all(back)
