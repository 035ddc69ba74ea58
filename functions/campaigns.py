"""``/campaigns``: many calls to a list of people."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from calls.call import now
from calls.campaign import (
    CAMPAIGN_ID,
    Campaign,
    CampaignChange,
    CampaignRequest,
    CampaignState,
    rate,
)
from calls.campaign_preview import Preview, ends_at
from calls.campaign_results import table
from calls.campaigning import Added
from calls.contact import CONTACT_ID, Contact, ContactState
from calls.contact_rows import LARGEST, MOST, ContactRow, rows_of_csv
from calls.failure import kinds, places
from calls.settings import settings
from calls.variable import Value
from functions import http_api, wiring
from functions.campaign_view import CampaignSummary, summary
from functions.log import logger

app = http_api.resolver()

CampaignId = Annotated[str, Path(pattern=CAMPAIGN_ID)]
CSV_SCHEMA = {
    "type": "string",
    "maxLength": LARGEST,
    "description": "A header with `to_number`; `time_zone` is where they are, and every other "
    "column a variable.",
    "example": "to_number,name\n+15550100001,Sarah\n",
}
RESULTS = {
    "description": "CSV, a contact a line",
    "headers": {
        "Dialout-Cursor": {
            "description": "Ask with it for the contacts after these; absent with the last",
            "schema": {"type": "string"},
        }
    },
    "content": {"text/csv": {"schema": {"type": "string"}}},
}
_PUMPS = timedelta(seconds=3)
"""So long whoever starts a campaign waits for its first calls to be made ready."""


class Progress(BaseModel):
    """How far it is."""

    contacts: int
    by_state: dict[ContactState, int]
    by_disposition: dict[str, int]
    """Of those who are done. `skipped:do_not_call` and the like were not phoned, by that rule."""
    attempts_per_minute: float | None
    """That ended in the last ten minutes; null: too few to tell."""
    ends_at: datetime | None
    """If it goes on as it goes, and nobody is phoned again."""


class CampaignView(CampaignSummary):
    """A campaign as it stands."""

    progress: Progress


class CampaignPage(BaseModel):
    """Some campaigns, newest first."""

    campaigns: list[CampaignSummary]
    cursor: str | None
    """Ask with it for the campaigns before these; null when there are none."""


_ROW_SCHEMA = ContactRow.model_json_schema(ref_template="#/components/schemas/{model}")
# Consent is among the document's schemas already.
_ROW_SCHEMA.pop("$defs", None)
_ANYTHING = {"description": "What is no such row is told as a bad one, and the others are kept."}
_ROWS_SCHEMA = {
    "type": "array", "maxItems": MOST, "items": {"anyOf": [_ROW_SCHEMA, _ANYTHING]},
}  # fmt: skip


class ContactList(BaseModel):
    """The body of ``POST /campaigns/{campaign_id}/contacts``, unless it is `text/csv`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"contacts": [{"to_number": "+15550100001", "variables": {"name": "Sarah"}}]}
            ]
        },
    )

    contacts: Annotated[list[Any], Field(max_length=MOST), WithJsonSchema(_ROWS_SCHEMA)] | None = (
        None
    )
    csv: str | None = Field(None, max_length=LARGEST)
    """The same as CSV, as the body itself may be."""

    @model_validator(mode="after")
    def _is_one_of_two(self) -> "ContactList":
        if (self.contacts is None) == (self.csv is None):
            raise ValueError("give `contacts`, or send CSV as text/csv")
        return self

    def rows(self) -> list[tuple[int, object]]:
        """By line.

        Raises:
            RowsRefusedError: the CSV cannot be read.
        """
        if self.csv is None:
            return list(enumerate(self.contacts or (), start=1))
        return list(rows_of_csv(self.csv))


class ContactView(BaseModel):
    """A contact as it stands."""

    contact_id: str
    to_number: str
    variables: dict[str, Value]
    time_zone: str | None
    metadata: dict[str, str]
    state: ContactState
    attempts: int
    next_at: datetime | None
    disposition: str | None
    last_call_id: str | None
    outcome: dict[str, Any] | None
    duration_seconds: int | None
    added_at: datetime
    updated_at: datetime


class ContactPage(BaseModel):
    """Some contacts, in no order that means anything."""

    contacts: list[ContactView]
    cursor: str | None
    """Ask with it for the contacts after these; null when there are none."""


@app.post("/campaigns", status_code=201)
def create(
    asked: Annotated[CampaignRequest, Body()],
    idempotency_key: Annotated[
        str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)
    ] = None,
) -> Response[CampaignView]:
    """Make a campaign, as a draft: add contacts, then start it."""
    api_key = app.context["api_key"]
    made = wiring.campaigner().create(asked, api_key=api_key, idempotency_key=idempotency_key)
    campaign_id = made.campaign.campaign_id
    logger.info(
        "Campaign replayed" if made.replayed else "Campaign made",
        campaign_id=campaign_id, agent=made.campaign.agent, api_key=api_key,
    )  # fmt: skip
    headers = {"Location": f"/campaigns/{campaign_id}"}
    if made.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(201, "application/json", _view(made.campaign), headers=headers)


@app.get("/campaigns")
def many(
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(pattern=CAMPAIGN_ID)] = None,
) -> CampaignPage:
    """The campaigns of the last 90 days, newest first."""
    found, more = wiring.campaigner().page(limit=limit, before=cursor)
    return CampaignPage(campaigns=[summary(each) for each in found], cursor=more)


@app.get("/campaigns/<campaign_id>")
def one(campaign_id: CampaignId) -> CampaignView:
    """The campaign, and how far it is."""
    return _view(wiring.campaigns().get(campaign_id))


@app.patch("/campaigns/<campaign_id>")
def change(campaign_id: CampaignId, given: Annotated[CampaignChange, Body()]) -> CampaignView:
    """Start, pause or cancel it; while it does not run, change how it calls. What is not given
    stays."""
    campaign = wiring.campaigner().change(campaign_id, given)
    logger.info(
        "Campaign changed",
        campaign_id=campaign_id, state=campaign.state, fields=sorted(given.model_fields_set),
        api_key=app.context["api_key"],
    )  # fmt: skip
    if given.state in ("running", "cancelled"):
        _pump(campaign_id)
    return _view(campaign)


@app.post("/campaigns/<campaign_id>/contacts")
def add(campaign_id: CampaignId, given: Annotated[ContactList, Body()]) -> Added:
    """Add people: up to 10,000 rows and 4.5 MB a request, as JSON or as `text/csv`, and any number
    of requests. Bad rows are told by line and left out, and so is a number that is in the campaign
    already: what was sent in vain may be sent again as a whole."""
    added = wiring.campaigner().add(campaign_id, given.rows())
    logger.info(
        "Contacts added", campaign_id=campaign_id, added=added.added, bad=len(added.bad_rows),
        api_key=app.context["api_key"],
    )  # fmt: skip
    return added


@app.get("/campaigns/<campaign_id>/contacts")
def contacts(
    campaign_id: CampaignId,
    disposition: Annotated[str | None, Query(max_length=60)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(pattern=CONTACT_ID)] = None,
) -> ContactPage:
    """Its contacts; all, or those with a disposition."""
    wiring.campaigns().get(campaign_id)
    found, more = _contacts(campaign_id, limit, cursor, disposition)
    shown = [ContactView.model_validate(each, from_attributes=True) for each in found]
    return ContactPage(contacts=shown, cursor=more)


@app.get("/campaigns/<campaign_id>/preview")
def preview(
    campaign_id: CampaignId,
    average_call_seconds: Annotated[int, Query(ge=1, le=14_400)] = 90,
) -> Preview:
    """What would happen if it were started now. Nobody is phoned."""
    return wiring.previewer().preview(campaign_id, average_call_seconds=average_call_seconds)


@app.get("/campaigns/<campaign_id>/results")
def results(
    campaign_id: CampaignId,
    limit: Annotated[int, Query(ge=1, le=2000)] = 1000,
    cursor: Annotated[str | None, Query(pattern=CONTACT_ID)] = None,
) -> Response[str]:
    """What came of its contacts, as CSV. With a cursor, without the header: what comes page by page
    goes one after the other into one file."""
    campaign = wiring.campaigns().get(campaign_id)
    found, more = _contacts(campaign_id, limit, cursor, None)
    text = table(campaign, found, settings().public_api_url, header=cursor is None)
    headers = {"Content-Disposition": f'attachment; filename="{campaign_id}.csv"'}
    if more:
        headers["Dialout-Cursor"] = more
    return Response(200, "text/csv; charset=utf-8", text, headers=headers)


def _contacts(
    campaign_id: str, limit: int, after: str | None, disposition: str | None
) -> tuple[list[Contact], str | None]:
    found = wiring.campaigns().contacts(
        campaign_id, limit=limit + 1, after=after, disposition=disposition
    )
    shown = found[:limit]
    return shown, shown[-1].contact_id if len(found) > limit else None


def _pump(campaign_id: str) -> None:
    """Begin at once. Should that fail, the next minute's pump begins."""
    try:
        ready = wiring.campaign_dialing().pump(now() + _PUMPS)
    except Exception as error:
        logger.error(
            "Campaign not pumped", campaign_id=campaign_id,
            kinds=kinds(error), places=places(error),
        )  # fmt: skip
    else:
        logger.info("Campaign pumped", campaign_id=campaign_id, ready=ready)


def _view(campaign: Campaign) -> CampaignView:
    at, kept = now(), wiring.campaigns()
    tally = kept.tally(campaign.campaign_id)
    lately = rate(kept.recent(campaign.campaign_id), at)
    running = campaign.state is CampaignState.RUNNING
    progress = Progress(
        contacts=tally.total,
        by_state={ContactState(name): count for name, count in tally.states.items()},
        by_disposition=tally.dispositions,
        attempts_per_minute=lately if running else None,
        ends_at=ends_at(tally.left, lately, at) if running else None,
    )
    return CampaignView(**summary(campaign).model_dump(), progress=progress)


handler = http_api.guarded(app, csv=frozenset({"POST /campaigns/{campaign_id}/contacts"}))
