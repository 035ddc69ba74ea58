"""The calls of one process, and how it lets go of them."""

from typing import Any, cast

from media_service.process.live_calls import LiveCalls


class Session:
    """Counts how often it was to be handed over."""

    asked = 0

    def hand_over(self) -> None:
        self.asked += 1


async def test_all_are_handed_over_and_none_is_taken() -> None:
    live, sessions = LiveCalls(), [Session(), Session()]
    with live.call(cast("Any", sessions[0])), live.call(cast("Any", sessions[1])):
        assert [session.asked for session in sessions] == [0, 0]
        live.hand_over()
        assert live.accepting is False
        assert [session.asked for session in sessions] == [1, 1]
        assert not await live.over(0.01)
    assert await live.over(0.01)


async def test_one_that_was_let_in_a_moment_before_goes_too() -> None:
    live, session = LiveCalls(), Session()
    live.hand_over()
    with live.call(cast("Any", session)):
        assert session.asked == 1
