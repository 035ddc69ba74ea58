"""Calls that go on elsewhere when their stream is over."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls import resuming
from calls.call import Call, EndReason, LegRefusedError, Status
from calls.resuming import MAX_LEGS, WAIT, Step
from tests.unit.test_call import AT, made

SECOND = timedelta(seconds=1)
NEW = made().bind("CA1").reach(Status.IN_PROGRESS, "answered", AT, answered_at=AT)


def fetched(call: Call, leg: int, seconds: float = 0, *, attended: bool = True) -> Call:
    return resuming.fetch(call, leg, AT + seconds * SECOND, attended=attended).call


def step(call: Call, leg: int, seconds: float = 0, *, attended: bool = True) -> Step:
    return resuming.fetch(call, leg, AT + seconds * SECOND, attended=attended).step


def talking(leg: int = 1) -> Call:
    """Somebody has that leg."""
    call = NEW
    for each in range(1, leg + 1):
        call = fetched(call, each).claim_leg(each, f"MZ{each}", AT, f"task {each}")
    return call


def broken(call: Call, leg: int = 1, seconds: float = 0, sid: str = "") -> Call:
    sid = sid or f"MZ{leg}"
    return resuming.stream_ended(call, leg, sid, "stream_error", AT + seconds * SECOND)


def test_each_leg_connects_and_again_when_it_is_fetched_twice() -> None:
    assert step(NEW, 1) is Step.CONNECT
    assert step(fetched(NEW, 1), 1) is Step.CONNECT
    assert step(talking(), 2) is Step.CONNECT
    # Used already: its token is refused at the door, and the redirect leads to the next.
    assert step(talking(2), 2) is Step.CONNECT


@pytest.mark.parametrize("leg", [1, 2, 11])
def test_what_was_ended_on_purpose_never_resumes(leg: int) -> None:
    assert step(talking().will_end(EndReason.AGENT_HUNG_UP), leg) is Step.HANG_UP
    assert step(talking().end(EndReason.BUSY, AT), leg) is Step.HANG_UP


def test_a_transfer_that_was_never_made_is_taken_back_by_whoever_asks_for_the_next_leg() -> None:
    told = talking(2).will_end(EndReason.TRANSFERRED)
    going_on = resuming.fetch(told, 3, AT, attended=True)
    assert going_on.step is Step.CONNECT
    assert going_on.call.claim_leg(3, "MZ3", AT).end_reason is None
    assert going_on.call.timeline[-1].event == "transfer_failed"
    assert step(told, 2) is Step.HANG_UP, "a repetition that comes late tells nothing"
    assert step(told.end(EndReason.TRANSFERRED, AT), 3) is Step.HANG_UP


def test_ten_legs_and_no_more() -> None:
    call = talking(MAX_LEGS - 1)
    assert step(call, MAX_LEGS) is Step.CONNECT
    given_up = resuming.fetch(talking(MAX_LEGS), MAX_LEGS + 1, AT, attended=True)
    assert given_up.step is Step.GIVE_UP
    assert given_up.call.end_reason is EndReason.FAILED
    # The last stream's end may be told late: the apology is heard to its end.
    assert not resuming.dropped(broken(given_up.call, MAX_LEGS), MAX_LEGS, f"MZ{MAX_LEGS}")


def test_a_leg_that_nobody_took_is_tried_again_after_words() -> None:
    call = fetched(NEW, 1)
    waited = resuming.fetch(call, 2, AT, attended=True)
    assert (waited.step, waited.pause_seconds) == (Step.WAIT, resuming.FIRST_PAUSE_SECONDS)
    assert resuming.following(waited.call, 2) == 2
    again = resuming.fetch(waited.call, 2, AT + 3 * SECOND, attended=True)
    assert again.step is Step.CONNECT
    # Nor that: it is tried as long as there is time, and its number does not grow.
    later = resuming.fetch(again.call, 3, AT + 4 * SECOND, attended=True)
    assert (later.step, later.pause_seconds) == (Step.WAIT, resuming.PAUSE_SECONDS)
    assert resuming.following(later.call, 3) == 2
    assert step(later.call, 2, 8) is Step.CONNECT
    assert fetched(later.call, 2, 8).claim_leg(2, "MZ2", AT).active_leg == 2


def test_without_any_task_nobody_is_connected_for_a_minute_then_goodbye() -> None:
    call, asked, seconds = talking(), 2, 0.0
    while (last := resuming.fetch(call, asked, AT + seconds * SECOND, attended=False)).step is (
        Step.WAIT
    ):
        call, asked = last.call, resuming.following(last.call, asked)
        assert asked == 2
        seconds += 1.5 + last.pause_seconds
    assert last.step is Step.GIVE_UP
    assert WAIT.total_seconds() <= seconds <= WAIT.total_seconds() + 5
    assert last.call.end_reason is EndReason.FAILED


def test_a_task_that_comes_goes_on_with_the_call_and_the_minute_begins_anew() -> None:
    waiting = fetched(talking(), 2, 0, attended=False)
    assert step(waiting, 2, 20) is Step.CONNECT
    served = fetched(waiting, 2, 20).claim_leg(2, "MZ2", AT, "task")
    assert served.waiting_since is None
    assert step(served, 3, 70, attended=False) is Step.WAIT


def test_a_broken_stream_drops_the_call_until_the_next_leg_is_fetched() -> None:
    call = broken(talking())
    assert resuming.dropped(call, 1, "MZ1")
    assert not resuming.dropped(fetched(call, 2), 1, "MZ1")
    # Twilio was faster than its own report.
    assert not resuming.dropped(broken(fetched(talking(), 2)), 1, "MZ1")


def test_a_stream_that_never_came_about_drops_the_call_too() -> None:
    assert resuming.dropped(broken(fetched(NEW, 1)), 1, "MZ1")
    assert resuming.dropped(broken(fetched(talking(), 2), 2), 2, "MZ2")


def test_late_and_repeated_reports_touch_nobody() -> None:
    assert not resuming.dropped(talking(2), 1, "MZ1")
    once = broken(talking())
    assert broken(once, seconds=5) == once
    # The first stream of the leg was refused, and a later one serves it.
    retried = fetched(fetched(fetched(NEW, 1), 2), 1).claim_leg(1, "MZ later", AT)
    assert not resuming.dropped(broken(retried, 1, sid="MZ1"), 1, "MZ1")


def test_a_call_whose_goodbye_broke_off_is_dropped_too() -> None:
    assert resuming.dropped(broken(talking().will_end(EndReason.AGENT_HUNG_UP)), 1, "MZ1")


def test_a_transferred_call_is_dropped_only_if_its_stream_broke() -> None:
    told = talking().will_end(EndReason.TRANSFERRED)
    taken = resuming.stream_ended(told, 1, "MZ1", "stream_stopped", AT)
    assert not resuming.dropped(taken, 1, "MZ1")
    assert resuming.dropped(broken(told), 1, "MZ1")


def test_a_call_that_is_over_or_not_yet_begun_is_not_dropped() -> None:
    assert not resuming.dropped(talking().end(EndReason.CALLEE_HUNG_UP, AT), 1, "MZ1")
    assert not resuming.dropped(made(), 1, "MZ1")


TASKS = frozenset({"task 1", "task 2"})


def silent(call: Call, seconds: float, tasks: frozenset[str] = TASKS) -> bool:
    return resuming.silent(call, AT + seconds * SECOND, tasks)


def test_the_last_net_catches_what_hangs_in_the_air_for_long() -> None:
    assert silent(broken(talking(), seconds=5), 40)
    assert not silent(broken(talking(), seconds=5), 20)
    assert silent(fetched(talking(), 2), 31), "no stream came of it"
    assert silent(talking(), 31, frozenset({"task 2"})), "its task is gone, and nobody said so"
    leaving = talking().will_end(EndReason.OPTED_OUT)
    assert silent(leaving, 31, frozenset({"task 2"})), "nobody is left to hang it up"


def test_the_last_net_leaves_all_others_alone() -> None:
    assert not silent(talking(), 300)
    assert not silent(fetched(broken(talking()), 2, 40), 60)
    resumed = fetched(broken(talking()), 2, 2).claim_leg(2, "MZ2", AT + 3 * SECOND, "task 2")
    assert not silent(resumed, 300)
    assert not silent(broken(resumed, 1, 100), 300), "a report that came late"
    assert not silent(talking().will_end(EndReason.OPTED_OUT), 300)
    assert not silent(broken(talking().will_end(EndReason.TRANSFERRED)), 300, frozenset())
    assert not silent(NEW, 300), "answered, and nothing fetched: Twilio knows"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["fetch", "duplicate", "claim", "break", "report", "wait"]),
            st.booleans(),
        ),
        max_size=60,
    )
)
def test_whatever_happens_one_stream_at_most_has_the_call(events: list[tuple[str, bool]]) -> None:
    call, seconds, asked = NEW, 0.0, 1
    opened: list[tuple[int, str]] = []
    holder: str | None = None
    for number, (event, attended) in enumerate(events):
        seconds += 0.5
        before = call
        match event:
            case "fetch" | "duplicate":
                result = resuming.fetch(call, asked, AT + seconds * SECOND, attended=attended)
                call = result.call
                if result.step is Step.CONNECT:
                    opened.append((asked, f"MZ{number}"))
                    asked += event == "fetch"
                elif result.step is Step.WAIT:
                    asked = resuming.following(call, asked)
            case "claim" if opened:
                leg, sid = opened.pop()
                try:
                    call = call.claim_leg(leg, sid, AT + seconds * SECOND)
                except LegRefusedError:
                    continue
                holder = sid
            case "report" if holder:
                call = broken(call, call.active_leg, seconds, holder)
        assert call.active_leg >= before.active_leg
        assert call.active_leg <= MAX_LEGS
        assert asked <= call.active_leg + 3
        if resuming.dropped(call, call.active_leg, holder or ""):
            assert call.fetched_leg <= call.active_leg
