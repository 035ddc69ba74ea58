"""The playout buffer, tick by tick."""

from hypothesis import given
from hypothesis import strategies as st

from rehearsal.mulaw import FRAME, SILENCE
from rehearsal.twilio.playout import Playout


def test_any_payload_length_plays_in_frames() -> None:
    playout = Playout()
    playout.feed(b"a" * 100)
    playout.feed(b"b" * 300)
    assert playout.pull().audio == b"a" * 100 + b"b" * 60
    assert playout.buffered == 240
    assert playout.pull().audio == b"b" * 160
    last = playout.pull()
    assert last.audio == b"b" * 80 + SILENCE * 80
    assert last.fed == 80
    assert playout.pull().fed == 0


def test_a_mark_comes_back_when_its_audio_has_been_played_and_not_before() -> None:
    playout = Playout()
    playout.feed(b"a" * 200)
    playout.mark("half-way")
    playout.feed(b"a" * 120)
    playout.mark("end")
    assert playout.pull().marks == ()
    assert playout.pull().marks == ()  # this frame carries the mark; it has yet to be played
    assert playout.pull().marks == ("half-way", "end")


def test_a_mark_on_an_idle_line_comes_back_with_the_next_tick() -> None:
    playout = Playout()
    playout.pull()
    playout.mark("now")
    assert playout.pull().marks == ("now",)


def test_clear_drops_the_audio_and_gives_every_mark_back() -> None:
    playout = Playout()
    playout.feed(b"a" * 200)
    playout.mark("one")
    playout.feed(b"a" * 8000)
    playout.mark("two")
    playout.pull()
    playout.pull()
    cleared = playout.clear()
    assert cleared.marks == ("one", "two")
    assert cleared.dropped == 8200 - 320
    assert playout.buffered == 0
    assert playout.pull().fed == 0


@given(st.lists(st.one_of(st.binary(max_size=700), st.just("mark")), max_size=30))
def test_nothing_is_lost_doubled_or_reordered(sent: list[bytes | str]) -> None:
    playout = Playout()
    marks: list[str] = []
    before: dict[str, int] = {}
    total = b""
    for number, item in enumerate(sent):
        if isinstance(item, bytes):
            playout.feed(item)
            total += item
        else:
            before[str(number)] = len(total)
            playout.mark(str(number))
    heard, fed = b"", 0
    for _ in range(len(total) // FRAME + 2):
        frame = playout.pull()
        for name in frame.marks:
            assert before[name] <= fed
        marks += frame.marks
        heard += frame.audio[: frame.fed]
        fed += frame.fed
    assert heard == total
    assert marks == list(before)
