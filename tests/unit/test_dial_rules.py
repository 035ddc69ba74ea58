"""The dial rules: pure, each with its word, and when the call would be allowed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls import attempts, dial_rules
from calls.call import Call
from calls.calling_window import CallingWindow
from calls.consent import Consent
from calls.dial_rules import Known
from calls.refused import RuleRefusedError
from calls.settings import Settings

AT = datetime(2026, 11, 22, 17, tzinfo=UTC)
"""Between nine in Los Angeles and noon in New York."""


def call(**changes: object) -> Call:
    made = Call(
        call_id="01A",
        to_number="+12125550100",
        from_number="+15550000001",
        agent="amelia",
        api_key="tests",
        created_at=AT,
        max_call_seconds=600,
        stream_until=AT,
    )
    return made.model_copy(update=changes)


def settings(**values: object) -> Settings:
    return Settings.model_validate(values)


def refused(asked: Call, known: Known, chosen: Settings, at: datetime = AT) -> RuleRefusedError:
    with pytest.raises(RuleRefusedError) as caught:
        dial_rules.check(asked, known, chosen, at)
    return caught.value


def test_what_no_rule_forbids_is_allowed() -> None:
    dial_rules.check(call(), Known(attempts=2), settings(), AT)


def test_who_is_listed_is_never_allowed_again() -> None:
    refusal = refused(call(), Known(listed=True), settings())
    assert (refusal.code, refusal.allowed_at) == ("do_not_call", None)


def test_marketing_wants_a_consent() -> None:
    selling = call(purpose="marketing")
    assert refused(selling, Known(), settings()).code == "consent_required"
    agreed = Consent(basis="express_written", at=AT - timedelta(days=9), source="form 12")
    dial_rules.check(selling.model_copy(update={"consent": agreed}), Known(), settings(), AT)


def test_the_days_calls_are_counted_in_the_callees_day() -> None:
    chosen = settings(DIALOUT_MAX_CALLS_PER_NUMBER_PER_DAY=3)
    refusal = refused(call(), Known(attempts=3), chosen)
    assert refusal.code == "too_frequent"
    # Eight in the morning of the next day in New York.
    assert refusal.allowed_at == datetime(2026, 11, 23, 13, tzinfo=UTC)
    assert "DIALOUT_MAX_CALLS_PER_NUMBER_PER_DAY" in str(refusal)

    late = datetime(2026, 11, 23, 4, 59, tzinfo=UTC)
    assert attempts.cap("+12125550100", None, 3, late).day.isoformat() == "2026-11-22"
    assert attempts.cap("+12125550100", "Europe/Berlin", 3, late).day.isoformat() == "2026-11-23"


def test_no_cap_is_no_cap() -> None:
    chosen = settings(DIALOUT_MAX_CALLS_PER_NUMBER_PER_DAY=0)
    dial_rules.check(call(), Known(attempts=1000), chosen, AT)


def test_every_rule_is_told_of_and_the_first_that_forbids_stands() -> None:
    known = Known(listed=True, attempts=9)
    night = datetime(2026, 11, 22, 4, tzinfo=UTC)
    asked = call(to_number="+4930901820", purpose="marketing")
    said = dial_rules.refusals(asked, known, settings(), night)
    assert list(said) == [
        "do_not_call", "country_not_allowed", "consent_required", "quiet_hours", "too_frequent",
    ]  # fmt: skip
    assert all(said.values())
    assert refused(asked, known, settings(), night).code == "do_not_call"


@given(
    at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    number=st.sampled_from(["+12125550100", "+13105550100", "+18005550100", "+4930901820"]),
)
def test_the_day_after_is_another_day_and_in_the_window(at: datetime, number: str) -> None:
    window = CallingWindow.parse("08:00-21:00")
    again = attempts.next_day(number, None, window, at)
    assert again is not None
    assert again > at
    assert attempts.cap(number, None, 1, again).day > attempts.cap(number, None, 1, at).day
    chosen = settings(DIALOUT_ALLOWED_COUNTRIES="US,DE")
    dial_rules.check(call(to_number=number), Known(), chosen, again)
