"""What a campaign would do if it were started now. Nothing is written, and nobody phoned."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ValidationError

from calls import campaign_cost, dial_rules
from calls.call import Call, now
from calls.campaign import Campaign
from calls.campaign_dialing import asked, hours
from calls.campaign_ports import Campaigns
from calls.contact import Contact
from calls.dial_rules import Known
from calls.planning import plan
from calls.ports import DoNotCallList, Ledger
from calls.refused import DialRefusedError
from calls.settings import Settings

LOOKED_AT = 5_000
"""So many contacts are looked at one by one; of more, the first of as many, who are in no order,
stand for all."""
_PAGE = 500
_PASSING = {"quiet_hours"}


class Preview(BaseModel):
    """What would happen, as far as can be told before anybody answers."""

    contacts: int
    """Without a final disposition."""
    will_be_called: int
    of_them_later: int
    """Those whose hours have not come yet."""
    skipped: dict[str, int]
    """Never called, by the rule that forbids it."""
    estimated: bool
    """The counts are of a sample."""
    calls_per_second: float
    """DIALOUT_CALLS_PER_SECOND."""
    seats: int
    """That campaigns may take now; if no media task is up, what the settings allow one."""
    average_call_seconds: int
    """What the rest is reckoned with: give your own."""
    seconds: int
    """From start to end, within the calling hours, if everybody answers the first time."""
    usd: float
    """If everybody answers; see docs/operations.md for the arithmetic."""
    usd_per_call: float


@dataclass(frozen=True)
class Previewer:
    """Looks at a campaign's contacts by the dial rules."""

    campaigns: Campaigns
    ledger: Ledger
    do_not_call: DoNotCallList
    settings: Settings
    clock: Callable[[], datetime] = now

    def preview(self, campaign_id: str, *, average_call_seconds: int) -> Preview:
        """
        Raises:
            CampaignNotFoundError: there is none.
        """
        campaign = self.campaigns.get(campaign_id)
        left = self.campaigns.tally(campaign_id).left
        verdicts: Counter[str | None] = Counter()
        for contacts in self._pages(campaign_id):
            listed = self.do_not_call.among([each.to_number for each in contacts])
            verdicts.update(
                self._verdict(campaign, each, each.to_number in listed) for each in contacts
            )
        looked_at = verdicts.total()
        scale = left / looked_at if looked_at else 0.0
        skipped = {
            rule: round(count * scale)
            for rule, count in sorted((r, c) for r, c in verdicts.items() if r is not None)
            if rule not in _PASSING
        }
        called = max(0, left - sum(skipped.values()))
        each = campaign_cost.call_usd(average_call_seconds)
        seats = self._seats()
        return Preview(
            contacts=left,
            will_be_called=called,
            of_them_later=round(sum(verdicts[rule] for rule in _PASSING) * scale),
            skipped=skipped,
            estimated=looked_at < left,
            calls_per_second=self.settings.calls_per_second,
            seats=seats,
            average_call_seconds=average_call_seconds,
            seconds=seconds(called, self.settings.calls_per_second, seats, average_call_seconds),
            usd=round(called * each, 2),
            usd_per_call=round(each, 4),
        )

    def _pages(self, campaign_id: str) -> Iterator[Sequence[Contact]]:
        """The contacts that are not done, up to the bound."""
        after, found = None, 0
        while found < LOOKED_AT:
            page = self.campaigns.contacts(campaign_id, limit=_PAGE, after=after)
            left = [each for each in page if each.disposition is None]
            if left:
                yield left
            found += len(left)
            if len(page) < _PAGE:
                return
            after = page[-1].contact_id

    def _verdict(self, campaign: Campaign, contact: Contact, listed: bool) -> str | None:
        """The rule that forbids a call now; one that forbids it for ever before one that passes."""
        at = self.clock()
        try:
            call = plan(asked(campaign, contact), self.settings, at, campaign.api_key)
        except ValidationError:
            return "invalid_request"
        except DialRefusedError as error:
            return error.code
        refused = [each for each in self._refusals(campaign, call, listed, at) if each is not None]
        lasting = [each.code for each in refused if each.allowed_at is None]
        return next(iter([*lasting, *(each.code for each in refused)]), None)

    def _refusals(
        self, campaign: Campaign, call: Call, listed: bool, at: datetime
    ) -> list[dial_rules.Refusal]:
        found = dial_rules.refusals(call, Known(listed=listed), self.settings, at)
        return [*found.values(), hours(campaign, call, at)]

    def _seats(self) -> int:
        chosen = self.settings
        open_to = self.ledger.fleet().open_to(
            self.clock(), chosen.max_concurrent_calls, chosen.campaign_reserve
        )
        one = chosen.seats_per_task - int(chosen.seats_per_task * chosen.campaign_reserve)
        return open_to or one


def seconds(calls: int, per_second: float, seats: int, call_seconds: float) -> int:
    """How long so many calls take: by the pace or by the seats, whichever is slower."""
    if not calls:
        return 0
    fastest = min(per_second, seats / call_seconds)
    return math.ceil((calls - 1) / fastest + call_seconds)


def ends_at(left: int, per_minute: float | None, at: datetime) -> datetime | None:
    """When so many contacts are done, if it goes on as it goes; None, if that cannot be told."""
    return at + timedelta(minutes=left / per_minute) if left and per_minute else None
