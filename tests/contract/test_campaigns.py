"""What every store of campaigns does: the tests' fake as the one in DynamoDB."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from moto import mock_aws

from calls.adapters import dynamodb_contacts
from calls.adapters.dynamodb import DynamoCallRecords
from calls.adapters.dynamodb_campaigns import DynamoCampaigns
from calls.call import Call, Status
from calls.campaign import Campaign, CampaignState, Finished, Tally
from calls.campaign_ports import (
    CampaignNotFoundError,
    Campaigns,
    CampaignTakenError,
    ContactNotFoundError,
)
from calls.contact import Contact, ContactState, NotDueError, contact_id
from calls.ports import CallNotFoundError, CallRecords, Idempotency
from tests.contract.test_ledger import credentials
from tests.fake_campaigns import FakeCampaigns
from tests.fakes import FakeCallRecords
from tests.integration.conftest import create_table

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class Kept:
    campaigns: Campaigns
    records: CallRecords


@pytest.fixture(params=["fake", "dynamodb"])
def kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    if request.param == "fake":
        records = FakeCallRecords()
        yield Kept(FakeCampaigns(records), records)
        return
    _moto(monkeypatch)
    with mock_aws(), time_machine.travel(AT, tick=False):
        create_table("calls")
        yield Kept(DynamoCampaigns("calls"), DynamoCallRecords("calls"))


def _moto(monkeypatch: pytest.MonkeyPatch) -> None:
    credentials(monkeypatch)
    # It keeps no threads apart.
    monkeypatch.setattr(dynamodb_contacts, "AT_ONCE", 1)


def campaign(number: int = 1) -> Campaign:
    return Campaign(
        name=f"campaign {number}", agent="reminder", from_number="+15550000001",
        campaign_id=f"01J{number:023}", created_at=AT, updated_at=AT, api_key="crm",
    )  # fmt: skip


ONE = campaign().campaign_id


def contact(number: int, **more: Any) -> Contact:
    to = f"+1555010{number:04}"
    return Contact(
        campaign_id=ONE, contact_id=contact_id(ONE, to), to_number=to, position=number,
        added_at=AT, updated_at=AT, **more,
    )  # fmt: skip


def call(number: int) -> Call:
    one = Call(
        call_id=f"01K{number:023}", to_number=contact(number).to_number, from_number="+15550000001",
        agent="reminder", api_key="crm", created_at=AT, max_call_seconds=60,
        stream_until=AT + 3 * MINUTE, campaign_id=ONE, contact_id=contact(number).contact_id,
    )  # fmt: skip
    return one.note(Status.QUEUED, AT, not_after=AT + MINUTE)


def filled(kept: Kept, *numbers: int) -> Campaigns:
    kept.campaigns.create(campaign())
    assert kept.campaigns.add([contact(number) for number in numbers]) == set()
    return kept.campaigns


def called(kept: Kept, number: int) -> Contact:
    return kept.campaigns.update_contact(
        ONE, contact(number).contact_id, lambda c: c.call(call(number), AT, 0), call(number)
    )


def test_a_campaign_is_kept_found_and_changed(kept: Kept) -> None:
    with pytest.raises(CampaignNotFoundError):
        kept.campaigns.get(ONE)
    for number in (1, 2, 3):
        kept.campaigns.create(campaign(number))
    assert kept.campaigns.get(ONE) == campaign()
    begun = kept.campaigns.update(ONE, lambda c: c.start(AT))
    assert begun.state is CampaignState.RUNNING
    assert kept.campaigns.get(ONE) == begun == kept.campaigns.update(ONE, lambda c: c.start(AT))
    ids = [campaign(number).campaign_id for number in (1, 2, 3)]
    assert [each.campaign_id for each in kept.campaigns.newest(limit=2)] == [ids[2], ids[1]]
    assert kept.campaigns.newest(limit=2, before=ids[1]) == [begun]
    assert kept.campaigns.open() == ids
    kept.campaigns.close(ids[1])
    assert kept.campaigns.open() == [ids[0], ids[2]]

    def fail(one: Campaign) -> Campaign:
        raise KeyError

    with pytest.raises(KeyError):
        kept.campaigns.update(ONE, fail)
    with pytest.raises(CampaignNotFoundError):
        kept.campaigns.update(campaign(9).campaign_id, fail)


def test_a_key_makes_one_campaign(kept: Kept) -> None:
    kept.campaigns.create(campaign(1), Idempotency("crm", "k", "sha"))
    with pytest.raises(CampaignTakenError) as taken:
        kept.campaigns.create(campaign(2), Idempotency("crm", "k", "other"))
    assert (taken.value.campaign_id, taken.value.request_sha256) == (ONE, "sha")
    kept.campaigns.create(campaign(2), Idempotency("another", "k", "other"))


def test_whoever_is_there_is_not_added_again(kept: Kept) -> None:
    campaigns = filled(kept, *range(130))
    called(kept, 7)
    before = campaigns.contact(ONE, contact(7).contact_id)
    again = [contact(number) for number in (5, 7, 200, 201)]
    assert campaigns.add(again) == {contact(5).contact_id, contact(7).contact_id}
    assert campaigns.contact(ONE, contact(7).contact_id) == before
    assert campaigns.tally(ONE) == Tally({"pending": 131, "calling": 1}, {})


def test_contacts_come_page_by_page_each_once(kept: Kept) -> None:
    campaigns = filled(kept, *range(60))
    found: list[str] = []
    while page := campaigns.contacts(ONE, limit=7, after=found[-1] if found else None):
        assert len(page) <= 7
        found += [each.contact_id for each in page]
    assert found == sorted(contact(number).contact_id for number in range(60))
    for number in (3, 4):
        campaigns.update_contact(ONE, contact(number).contact_id, lambda c: c.cancel(AT))
    listed = campaigns.contacts(ONE, limit=5, disposition="canceled")
    assert {each.to_number for each in listed} == {contact(3).to_number, contact(4).to_number}
    assert len(campaigns.contacts(ONE, limit=1, disposition="canceled")) == 1


def test_who_is_due_is_who_is_pending_or_has_waited(kept: Kept) -> None:
    campaigns = filled(kept, 1, 2, 3)

    def wait(until: datetime) -> Any:
        return lambda c: c.model_copy(update={"state": ContactState.WAITING, "next_at": until})

    campaigns.update_contact(ONE, contact(1).contact_id, wait(AT + MINUTE))
    campaigns.update_contact(ONE, contact(2).contact_id, wait(AT + 2 * MINUTE))

    def due(at: datetime, limit: int = 9) -> set[str]:
        return {each.to_number for each in campaigns.due(ONE, at, limit=limit)}

    one, two, three = (contact(number).to_number for number in (1, 2, 3))
    assert due(AT) == {three}
    assert due(AT + MINUTE) == {one, three}
    assert due(AT + 2 * MINUTE) == {one, two, three}
    assert len(due(AT + 2 * MINUTE, limit=2)) == 2
    campaigns.update_contact(ONE, contact(3).contact_id, lambda c: c.cancel(AT))
    assert due(AT) == set()


def test_an_attempt_is_kept_with_its_call_and_looked_for_when_nothing_is_heard(kept: Kept) -> None:
    campaigns = filled(kept, 1, 2)
    assert called(kept, 1).state is ContactState.CALLING
    assert kept.records.get(call(1).call_id) == call(1)
    assert kept.records.open_calls() == [call(1).call_id]
    where = contact(1).contact_id
    assert kept.records.made_for("", f"campaign:{ONE}:{where}:1") == call(1).call_id
    with pytest.raises(NotDueError):
        called(kept, 1)
    assert [each.contact_id for each in campaigns.due(ONE, AT, limit=9)] == [contact(2).contact_id]
    assert campaigns.overdue(ONE, AT, limit=9) == []
    later = AT + timedelta(hours=3)
    assert [each.contact_id for each in campaigns.overdue(ONE, later, limit=9)] == [where]

    def never(one: Contact) -> Contact:
        raise NotDueError

    with pytest.raises(NotDueError):
        campaigns.update_contact(ONE, contact(2).contact_id, never, call(2))
    with pytest.raises(CallNotFoundError):
        kept.records.get(call(2).call_id)
    with pytest.raises(ContactNotFoundError):
        campaigns.update_contact(ONE, contact(9).contact_id, never)


def test_of_two_who_claim_a_contact_at_once_one_gets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _moto(monkeypatch)
    with mock_aws(), time_machine.travel(AT, tick=False):
        create_table("calls")
        kept = Kept(DynamoCampaigns("calls"), DynamoCallRecords("calls"))
        filled(kept, 1, 2)
        faster = [1, 2]

        def change(one: Contact) -> Contact:
            # Read, but not written yet: now the other one comes.
            if faster:
                called(kept, faster.pop(0))
            return one.call(call(3), AT, 0)

        with pytest.raises(NotDueError):
            kept.campaigns.update_contact(ONE, contact(1).contact_id, change, call(3))
        with pytest.raises(CallNotFoundError):
            kept.records.get(call(3).call_id)
        assert kept.campaigns.contact(ONE, contact(1).contact_id).last_call_id == call(1).call_id
        assert kept.campaigns.tally(ONE) == Tally({"calling": 2}, {})


def test_the_tally_follows_each_change(kept: Kept) -> None:
    campaigns = filled(kept, 1, 2, 3)
    assert campaigns.tally(ONE).left == 3
    called(kept, 1)
    campaigns.update_contact(ONE, contact(2).contact_id, lambda c: c.skip("do_not_call", AT))
    campaigns.update_contact(ONE, contact(2).contact_id, lambda c: c.skip("do_not_call", AT))
    found = campaigns.tally(ONE)
    assert found.states == {"calling": 1, "done": 1, "pending": 1}
    assert found.dispositions == {"skipped:do_not_call": 1}
    assert (found.total, found.left, found.calling) == (3, 2, 1)


def test_the_last_hundred_that_ended_are_remembered(kept: Kept) -> None:
    campaigns = filled(kept)
    assert campaigns.recent(ONE) == []
    ended = [Finished(AT + number * MINUTE, failed=number % 2 == 0) for number in range(110)]
    assert campaigns.finish(ONE, ended[50:]) == ended[50:]
    assert campaigns.finish(ONE, ended[:50]) == ended[10:] == campaigns.recent(ONE)
    campaigns.forget(ONE)
    assert campaigns.recent(ONE) == []
    assert campaigns.finish(ONE, ended[:1]) == ended[:1]
