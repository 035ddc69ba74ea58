"""``dialout campaign create`` and ``change``: whom a campaign phones as, when, and how often."""

from typing import Annotated

import typer

from dialout import access, campaign_report, retry_policy
from dialout.access import AsJson, Url
from dialout.call_options import (
    AgentName,
    ConsentText,
    FromNumber,
    IdempotencyKey,
    Metadata,
    Seconds,
    WebhookUrl,
    consent,
    pairs,
)
from dialout.changes import given
from dialout.parameters import Env

CampaignId = Annotated[str, typer.Argument(metavar="CAMPAIGN_ID")]
Attempts = Annotated[
    int | None, typer.Option(min=1, max=10, help="With all kinds of attempts together.")
]
BreakerText = Annotated[
    str | None,
    typer.Option(metavar="SHARE,LAST", help="Pause when 0.5,20: half of the last 20 failed."),
]


def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Yours, to know it again.")],
    agent: AgentName = None,
    from_number: FromNumber = None,
    calling_window: Annotated[
        str | None, typer.Option(metavar="HH:MM-HH:MM", help="In the callees' own time.")
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Where they are; by default where the numbers are."),
    ] = None,
    retry: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND=ATTEMPTS,GAP",
            help="Whom to phone again: busy=3,600 (seconds); also no_answer, voicemail, machine "
            "and failed; repeatable.",
        ),
    ] = None,
    max_attempts: Attempts = None,
    breaker: BreakerText = None,
    consent_text: ConsentText = None,
    metadata: Metadata = None,
    webhook_url: WebhookUrl = None,
    max_call_seconds: Seconds = None,
    idempotency_key: IdempotencyKey = None,
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """Make a campaign, as a draft: add contacts, preview it, then start it.

    Example:
      dialout campaign create appointments --agent reminder --retry busy=3,600
    """
    again, breaks = retry_policy.retry(retry), retry_policy.breaker(breaker)
    with access.client(env, url) as api:
        campaign = api.campaigns.create(
            name,
            agent=agent,
            from_number=from_number,
            calling_window=calling_window,
            time_zone=time_zone,
            max_call_seconds=max_call_seconds,
            retry=again,
            max_attempts=max_attempts,
            breaker=breaks,
            consent=consent(consent_text),
            webhook_url=webhook_url,
            metadata=pairs(metadata, "--metadata") or None,
            idempotency_key=idempotency_key,
        )
    campaign_report.tell(campaign, as_json=as_json)


def change(
    campaign_id: CampaignId,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Yours, to know it again.")
    ] = None,
    agent: AgentName = None,
    from_number: FromNumber = None,
    calling_window: Annotated[
        str | None,
        typer.Option(metavar="HH:MM-HH:MM", help="In the callees' own time; none: the usual one."),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Where they are; none: where the numbers are."),
    ] = None,
    retry: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND=ATTEMPTS,GAP",
            help="As with create; kinds that are not given become as they are by default.",
        ),
    ] = None,
    max_attempts: Attempts = None,
    breaker: BreakerText = None,
    consent_text: ConsentText = None,
    metadata: Metadata = None,
    webhook_url: WebhookUrl = None,
    max_call_seconds: Seconds = None,
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """Have it call otherwise, while it does not run. What is not given stays.

    Example:
      dialout campaign change 01KAHZ3S7M8C4V0W2TRYQ5N6PX --calling-window 10:00-18:00
    """
    fields = {
        "name": name,
        "agent": agent,
        "from_number": from_number,
        "calling_window": calling_window,
        "time_zone": time_zone,
        "max_call_seconds": max_call_seconds,
        "retry": retry_policy.retry(retry),
        "max_attempts": max_attempts,
        "breaker": retry_policy.breaker(breaker),
        "consent": consent(consent_text),
        "webhook_url": webhook_url,
        "metadata": pairs(metadata, "--metadata") or None,
    }
    changes = given(fields, may_go=("calling_window", "time_zone", "webhook_url"))
    if not changes:
        raise typer.BadParameter("say what is to be changed: --calling-window, --retry…")
    with access.client(env, url) as api:
        campaign = api.campaigns.change(campaign_id, **changes)
    campaign_report.tell(campaign, as_json=as_json)
