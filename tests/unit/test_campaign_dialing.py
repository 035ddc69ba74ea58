"""Campaigns at work: whatever comes twice, late, in another order or not at all."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from calls import status_report
from calls.call import Call, EndReason, Status
from calls.campaign import CampaignChange, CampaignRequest, CampaignState
from calls.campaign_dialing import CampaignDialing
from calls.campaigning import Campaigner
from calls.contact import Contact, ContactState
from calls.dialing import Dialer, too_late
from calls.do_not_call import Listing
from calls.refused import CampaignStateError
from calls.seats import Beat, NotNowError
from calls.settings import Settings
from calls.waiting import Waiting
from tests.fake_campaigns import FakeCampaigns
from tests.fakes import FakeCallRecords, FakeDialQueue, FakeDoNotCall, FakeLedger, FakeTelephony

START = datetime(2026, 11, 23, 15, tzinfo=UTC)
OURS = "+15550000001"
NAMED = {"business": "us", "name": "Sarah", "appointment_time": "noon"}


class KilledError(Exception):
    """The function was killed between two steps."""


class World:
    """A fleet, a phone network, a queue, and campaigns; nothing happens by itself."""

    def __init__(self, *, seats: int = 10, **more: Any) -> None:
        self.at = START
        self.seats = seats
        self.records = FakeCallRecords()
        self.ledger = FakeLedger(self.records)
        self.listed = FakeDoNotCall(self.records)
        self.campaigns = FakeCampaigns(self.records)
        self.queue = FakeDialQueue()
        self.network = FakeTelephony()
        self.settings = Settings.model_validate(
            {
                "DIALOUT_PUBLIC_API_URL": "https://api.test",
                "DIALOUT_PUBLIC_WS_URL": "wss://media.test/ws",
                "DIALOUT_CALLING_WINDOW": "00:00-24:00",
                "DIALOUT_MAX_CALLS_PER_NUMBER_PER_DAY": 0,
                "DIALOUT_CALLS_PER_SECOND": 5,
                **more,
            }
        )
        self.dialing = CampaignDialing(
            self.campaigns, self.records, self.ledger, self.listed, self.queue, self.settings,
            clock=self.clock,
        )  # fmt: skip
        self.dialer = Dialer(
            self.records, self.ledger, self.listed, self.network, self.queue, self.settings,
            clock=self.clock, sleep=self.pass_, check_wanted=self.dialing.check_wanted,
        )  # fmt: skip
        self.campaigner = Campaigner(self.campaigns, self.settings, clock=self.clock)
        self.pass_(0)

    def clock(self) -> datetime:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.ledger.beat(Beat("task", self.seats, 0, draining=False, at=self.at))

    def campaign(self, people: int, **asked: Any) -> str:
        request = {"name": "one", "agent": "reminder", "from_number": OURS, **asked}
        made = self.campaigner.create(CampaignRequest.model_validate(request), api_key="crm")
        campaign_id = made.campaign.campaign_id
        rows = [{"to_number": number(each), "variables": NAMED} for each in range(people)]
        added = self.campaigner.add(campaign_id, enumerate(rows, 1))
        assert added.bad_rows == []
        return campaign_id

    def set(self, campaign_id: str, state: str) -> None:
        self.campaigner.change(campaign_id, CampaignChange.model_validate({"state": state}))

    def started(self, people: int, **asked: Any) -> str:
        campaign_id = self.campaign(people, **asked)
        self.set(campaign_id, "running")
        return campaign_id

    def pump(self) -> int:
        return self.dialing.pump(self.at + timedelta(seconds=30))

    def dial(self) -> list[Call]:
        """Dial what is in the queue."""
        waiting, self.queue.waiting = self.queue.waiting, []
        return [call for each, _ in waiting if (call := self._dial(each)) is not None]

    def _dial(self, waiting: Waiting) -> Call | None:
        try:
            return self.dialer.dial_waiting(waiting)
        except NotNowError:
            self.queue.put(waiting, 1)
            return None

    def end(self, call: Call, how: str) -> None:
        """Have Twilio report it."""
        reason = {"machine": EndReason.MACHINE, "talked": EndReason.AGENT_HUNG_UP}.get(how)
        status = "completed" if reason else how
        if reason:
            answered = status_report.apply(call, "in-progress", self.at)
            self.records.update(call.call_id, lambda _: answered)
            self.records.update(call.call_id, lambda c: c.will_end(reason))
        self.records.update(call.call_id, lambda c: status_report.apply(c, status, self.at, 7))

    def debrief(self, call: Call, disposition: str = "completed") -> None:
        self.records.update(
            call.call_id,
            lambda c: c.model_copy(
                update={
                    "disposition": disposition, "debriefed_at": self.at, "outcome": {"ok": True},
                }
            ),
        )  # fmt: skip

    def report(self, call: Call) -> None:
        reported = self.dialing.report(call.call_id)
        if reported and reported.finished:
            self.dialing.finish(reported.campaign_id, [reported.finished])

    def contacts(self, campaign_id: str) -> list[Contact]:
        return self.campaigns.contacts(campaign_id, limit=10_000)


def number(each: int) -> str:
    return f"+1555010{each:04}"


def test_as_many_are_made_ready_as_there_are_seats_and_a_few_more() -> None:
    world = World(seats=10)
    campaign_id = world.started(100)
    assert world.pump() == 9 + 9  # A tenth is left to others; two seconds at five a second.
    assert world.pump() == 0
    calls = world.dial()
    assert len(calls) == len(world.network.created) == 9
    assert all(call.campaign_id == campaign_id and call.attempt == 1 for call in calls)
    world.end(calls[0], "busy")
    world.report(calls[0])
    assert world.pump() == 1


def test_without_a_media_task_nothing_is_made_ready() -> None:
    world = World(seats=0)
    world.started(5)
    assert world.pump() == 0


def test_two_campaigns_share_the_seats() -> None:
    world = World(seats=10)
    ids = [world.started(100) for _ in range(2)]
    world.pump()
    assert [world.campaigns.tally(each).calling for each in ids] == [9, 9]


@pytest.mark.parametrize(
    ("how", "attempts", "gap"),
    [("busy", 3, 600), ("no-answer", 3, 3600), ("machine", 2, 3600), ("failed", 2, 300)],
)
def test_who_was_not_reached_is_phoned_again_after_the_gap(
    how: str, attempts: int, gap: int
) -> None:
    world = World()
    campaign_id = world.started(1)
    for attempt in range(1, attempts + 1):
        assert world.pump() == 1
        (call,) = world.dial()
        assert call.attempt == attempt
        world.end(call, how)
        world.report(call)
        if attempt < attempts:
            (contact,) = world.contacts(campaign_id)
            assert contact.state is ContactState.WAITING
            world.pass_(gap - 1)
            assert world.pump() == 0
            world.pass_(1)
    (contact,) = world.contacts(campaign_id)
    assert contact.disposition == how.replace("-", "_")
    assert contact.attempts == attempts
    world.pass_(61)
    world.pump()
    assert world.campaigns.get(campaign_id).state is CampaignState.COMPLETED
    assert world.campaigns.open() == []


def test_what_was_talked_about_is_waited_for_and_then_stands() -> None:
    world = World()
    campaign_id = world.started(1)
    world.pump()
    (call,) = world.dial()
    world.end(call, "talked")
    world.report(call)
    assert world.contacts(campaign_id)[0].state is ContactState.SETTLING
    world.debrief(call, "callback_requested")
    world.report(call)
    world.report(call)
    (contact,) = world.contacts(campaign_id)
    assert (contact.disposition, contact.outcome) == ("callback_requested", {"ok": True})
    assert len(world.campaigns.recent(campaign_id)) == 1


def test_what_nobody_tells_is_looked_for() -> None:
    world = World()
    campaign_id = world.started(3)
    world.pump()
    talked, lost, gone = world.dial()
    world.end(talked, "talked")
    world.report(talked)
    world.end(lost, "busy")
    del world.records._calls[gone.call_id]
    world.pass_(4 * 3600)
    assert world.dialing.look_after(world.at + timedelta(seconds=30)) == 3
    found = {each.last_call_id: each for each in world.contacts(campaign_id)}
    assert found[talked.call_id].disposition == "no_response"
    assert found[lost.call_id].state is ContactState.WAITING
    assert found[gone.call_id].disposition == "unknown"


def test_pausing_gives_back_what_does_not_ring_yet_and_resuming_goes_on() -> None:
    world = World()
    campaign_id = world.started(4)
    world.pump()
    waiting = [each for each, _ in world.queue.waiting]
    ringing = world.dialer.dial_waiting(waiting[0])
    world.set(campaign_id, "paused")
    world.queue.waiting = [(each, 0) for each in waiting[1:]]
    for call in world.dial():
        assert call.end_reason is EndReason.CANCELED
        world.report(call)
    assert len(world.network.created) == 1
    assert world.pump() == 0
    assert world.campaigns.tally(campaign_id).states == {"calling": 1, "pending": 3}
    world.end(ringing, "no-answer")
    world.report(ringing)
    assert {each.attempts for each in world.contacts(campaign_id)} == {0, 1}
    world.set(campaign_id, "running")
    assert world.pump() == 3
    assert [call.attempt for call in world.dial()] == [1, 1, 1]


def test_it_is_paused_between_the_look_and_the_seat() -> None:
    world = World()
    campaign_id = world.started(1)
    world.pump()
    take = world.ledger.seat_queued

    def slow(*args: Any) -> Any:
        world.set(campaign_id, "paused")
        return take(*args)

    world.ledger.seat_queued = slow  # type: ignore[method-assign]
    (call,) = world.dial()
    assert (call.status, call.end_reason) == (Status.ENDED, EndReason.CANCELED)
    assert world.network.created == []


def test_cancelling_gives_everybody_a_disposition() -> None:
    world = World(seats=2)
    campaign_id = world.started(30)
    world.pump()
    (first, *_) = world.dial()
    world.set(campaign_id, "cancelled")
    world.pump()
    for call in world.dial():
        world.report(call)
    world.end(first, "busy")
    world.report(first)
    world.report(world.records.get(world.contacts(campaign_id)[0].last_call_id or first.call_id))
    for call_id in world.records.open_calls():
        world.end(world.records.get(call_id), "no-answer")
        world.report(world.records.get(call_id))
    world.pass_(61)
    world.pump()
    world.pump()
    tally = world.campaigns.tally(campaign_id)
    assert tally.left == 0
    assert tally.dispositions["busy"] == 1
    assert world.campaigns.open() == []


def test_too_many_failures_pause_it_and_say_so() -> None:
    world = World()
    campaign_id = world.started(40, breaker={"share": 0.5, "of_last": 6})
    world.pump()
    calls = world.dial()
    for call, how in zip(calls, ["busy", "failed"] * 3, strict=False):
        assert world.campaigns.get(campaign_id).state is CampaignState.RUNNING
        world.end(call, how)
        world.report(call)
    campaign = world.campaigns.get(campaign_id)
    assert campaign.state is CampaignState.PAUSED
    assert "3 of the last 6 attempts failed" in (campaign.paused_because or "")
    world.set(campaign_id, "running")
    world.end(calls[7], "failed")
    world.report(calls[7])
    assert world.campaigns.get(campaign_id).state is CampaignState.RUNNING, (
        "it begins to count anew"
    )


def test_rules_skip_or_delay_before_a_call_is_made() -> None:
    world = World(DIALOUT_CALLING_WINDOW="08:00-21:00", DIALOUT_ALLOWED_COUNTRIES="US")
    campaign_id = world.started(1, time_zone="America/New_York")
    rows = [
        {"to_number": "+15550107002", "variables": NAMED},
        {"to_number": "+15550107003", "variables": NAMED, "time_zone": "Asia/Tokyo"},
        {"to_number": "+493012345678", "variables": NAMED},
    ]
    world.campaigner.add(campaign_id, enumerate(rows, 1))
    world.listed.put(Listing(number="+15550107002", listed_at=world.at, source="api"))
    assert world.pump() == 1
    found = {each.to_number: each for each in world.contacts(campaign_id)}
    assert found["+15550107002"].disposition == "skipped:do_not_call"
    assert found["+493012345678"].disposition == "skipped:country_not_allowed"
    assert found["+15550107003"].next_at == datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert found[number(0)].state is ContactState.CALLING


def test_its_own_hours_hold_when_it_rings_too() -> None:
    world = World()
    campaign_id = world.started(1, calling_window="09:00-15:01", time_zone="UTC")
    assert world.pump() == 1
    world.pass_(60)
    (call,) = world.dial()
    assert call.end_reason is EndReason.CANCELED
    world.report(call)
    assert world.pump() == 0
    (contact,) = world.contacts(campaign_id)
    assert contact.next_at == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert contact.attempts == 0


def test_a_number_that_is_listed_is_not_phoned_any_more() -> None:
    world = World()
    campaign_id = world.started(2)
    other = world.campaign(2)
    assert sorted(world.campaigner.skip_number(number(0))) == sorted([campaign_id, other])
    assert world.campaigner.skip_number(number(0)) == []
    assert world.campaigns.tally(campaign_id).dispositions == {"skipped:do_not_call": 1}
    assert world.pump() == 1


def test_a_call_that_nobody_came_for_comes_again() -> None:
    world = World()
    campaign_id = world.started(1)
    world.queue.error = KilledError()
    with pytest.raises(KilledError):
        world.pump()
    world.queue.error = None
    assert world.pump() == 0
    world.pass_(301)
    (call_id,) = world.records.open_calls()
    world.records.update(call_id, lambda c: too_late(c, world.at))  # As the sweeper does.
    world.report(world.records.get(call_id))
    (contact,) = world.contacts(campaign_id)
    assert (contact.state, contact.attempts, contact.claims) == (ContactState.PENDING, 0, 1)
    assert world.pump() == 1


def test_an_empty_campaign_does_not_start() -> None:
    world = World()
    campaign_id = world.campaign(0)
    with pytest.raises(CampaignStateError, match="no contacts"):
        world.set(campaign_id, "running")


class CampaignMachine(RuleBasedStateMachine):
    """Eight people, four seats, and whatever may happen in any order; then all goes well."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(seats=4, DIALOUT_CALLS_PER_SECOND=100)
        self.campaign_id = self.world.started(8, breaker={"share": 1, "of_last": 100})
        self.final: dict[str, str] = {}

    @property
    def calls(self) -> list[Call]:
        return list(self.world.records._calls.values())

    @property
    def state(self) -> CampaignState:
        return self.world.campaigns.get(self.campaign_id).state

    @rule()
    def pump(self) -> None:
        self.world.pump()

    @rule(times=st.integers(1, 2))
    def dial(self, times: int) -> None:
        self.world.queue.waiting *= times
        self.world.dial()

    @rule(
        which=st.integers(0, 7),
        how=st.sampled_from(["busy", "no-answer", "failed", "machine", "talked"]),
    )
    def end(self, which: int, how: str) -> None:
        ringing = [each for each in self.calls if each.status is Status.DIALING]
        if ringing:
            self.world.end(ringing[which % len(ringing)], how)

    @rule(order=st.randoms())
    def report(self, order: Any) -> None:
        for each in order.sample(self.calls, len(self.calls)):
            self.world.report(each)

    @rule(disposition=st.sampled_from(["completed", "machine"]))
    def debrief(self, disposition: str) -> None:
        for each in self.calls:
            if each.end_reason is EndReason.AGENT_HUNG_UP and each.disposition is None:
                self.world.debrief(each, disposition)

    @precondition(lambda self: self.state is CampaignState.RUNNING)
    @rule()
    def pause(self) -> None:
        self.world.set(self.campaign_id, "paused")

    @precondition(lambda self: not self.state.over)
    @rule()
    def resume(self) -> None:
        self.world.set(self.campaign_id, "running")

    @rule(seconds=st.sampled_from([1, 60, 600, 3600]))
    def wait(self, seconds: int) -> None:
        self.world.pass_(seconds)

    @rule()
    def a_message_is_lost(self) -> None:
        self.world.queue.waiting = self.world.queue.waiting[1:]

    @rule()
    def die_before_the_queue(self) -> None:
        self.world.queue.error = KilledError()
        try:
            self.world.pump()
        except KilledError:
            pass
        finally:
            self.world.queue.error = None

    @rule()
    def sweep(self) -> None:
        for each in self.calls:
            if each.not_after and each.not_after <= self.world.at:
                self.world.records.update(each.call_id, lambda c: too_late(c, self.world.at))

    @invariant()
    def one_call_at_a_time_and_one_disposition(self) -> None:
        live = Counter(each.contact_id for each in self.calls if not each.ended)
        assert not live or max(live.values()) == 1
        placed = Counter(each.contact_id for each in self.calls if each.call_sid)
        for each in self.world.contacts(self.campaign_id):
            assert placed[each.contact_id] <= each.attempts <= 3
            if each.disposition is not None:
                known = self.final.setdefault(each.contact_id, each.disposition)
                assert known == each.disposition
                assert not live[each.contact_id]

    def teardown(self) -> None:
        for _ in range(80):
            if self.state is CampaignState.COMPLETED:
                break
            self.resume()
            self.sweep()
            self.world.pump()
            self.world.dial()
            for call in self.calls:
                if call.status is Status.DIALING:
                    self.world.end(call, "busy")
            self.debrief("completed")
            for call in self.calls:
                self.world.report(call)
            self.one_call_at_a_time_and_one_disposition()
            self.world.pass_(3600)
            self.world.dialing.look_after(self.world.at + timedelta(seconds=30))
        assert self.state is CampaignState.COMPLETED
        assert len(self.final) == 8


CampaignMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestWhateverHappens = CampaignMachine.TestCase
