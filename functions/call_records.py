"""``/calls``: what became of the calls; ending one; its recording. And ``/fleet``, ``/healthz``."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import AwareDatetime, BaseModel, BeforeValidator

from calls.adapters.recording_store import ADDRESS_SECONDS
from calls.call import CALL_ID, Call, EndReason, Status, now
from calls.campaign import CAMPAIGN_ID
from calls.listing import Filter, page
from functions import fleet_view, http_api, wiring
from functions.call_view import CallView, view
from functions.fleet_view import FleetView
from functions.log import logger
from functions.problems import ProblemError

app = http_api.resolver()


CallId = Annotated[str, Path(pattern=CALL_ID)]


def _date_time(text: object) -> object:
    # Pydantic would take a number for seconds since 1970, and the document does not say so.
    if isinstance(text, str) and "T" not in text.upper():
        raise ValueError("give a date and a time with its zone, such as 2026-01-31T09:00:00Z")
    return text


class Page(BaseModel):
    """Some calls, newest first."""

    calls: list[CallView]
    cursor: str | None
    """Ask with it for the calls before these; null when there are none."""


class RecordingAddress(BaseModel):
    """Where a recording can be fetched by whoever has the address: WAV, callee on the left."""

    url: str
    expires_at: datetime


@app.get("/calls/<call_id>")
def one(call_id: CallId) -> CallView:
    """The record of a call."""
    return view(wiring.records().get(call_id), wiring.records().turns(call_id))


@app.get("/calls")
def many(
    status: Annotated[Status | Literal["open"] | None, Query()] = None,
    agent: Annotated[str | None, Query()] = None,
    campaign: Annotated[str | None, Query(pattern=CAMPAIGN_ID)] = None,
    since: Annotated[Annotated[AwareDatetime, BeforeValidator(_date_time)] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(pattern=CALL_ID)] = None,
) -> Page:
    """The calls, newest first. `open` are those that have not ended."""
    wanted = Filter(status=status, agent=agent, campaign_id=campaign, since=since)
    calls, more = page(wiring.records(), wanted, limit=limit, before=cursor, at=now())
    return Page(calls=[view(call) for call in calls], cursor=more)


@app.delete("/calls/<call_id>", status_code=202)
def end(call_id: CallId) -> Response[CallView]:
    """Take the call from the queue, stop the ringing, or hang up."""
    call = wiring.records().get(call_id)
    if call.ended:
        raise ProblemError(409, "already_ended", "the call has ended already")
    if call.status is Status.QUEUED:
        # Unless it is dialled this very moment, nothing rings yet.
        call = wiring.records().update(call_id, _taken_from_the_queue)
        if call.ended:
            logger.info("Call ended by request", call_id=call_id)
            return Response(202, "application/json", view(call))
    if call.call_sid is None:
        raise ProblemError(
            409, "not_placed_yet", "Twilio has not named the call yet; try again in a second",
            headers={"Retry-After": "1"},
        )  # fmt: skip
    call = wiring.records().update(call_id, lambda c: c.will_end(EndReason.CANCELED))
    wiring.telephony().hang_up(call.call_sid or "")
    logger.info("Call ended by request", call_id=call_id)
    return Response(202, "application/json", view(call))


def _taken_from_the_queue(call: Call) -> Call:
    return call.end(EndReason.CANCELED, now()) if call.status is Status.QUEUED else call


@app.get("/calls/<call_id>/recording")
def recording(call_id: CallId) -> Response[RecordingAddress | str]:
    """On to the recording: an address in S3 that is good for five minutes. Whoever accepts
    `application/json` is told it instead: a page of another origin cannot see where it is sent on
    to."""
    found = wiring.records().get(call_id).recording
    if found is None or found.status == "absent":
        raise ProblemError(404, "recording_not_found", "this call has no recording")
    if found.status != "completed":
        raise ProblemError(
            409, "recording_not_ready", "the recording is not finished yet; try again soon",
            headers={"Retry-After": "2"},
        )  # fmt: skip
    store, asked_at = wiring.recordings(), now()
    if not store.has(call_id):
        store.put(call_id, wiring.telephony().recording(found.recording_sid))
    address = store.address(call_id)
    # Not a parameter: OpenAPI has other words for what is accepted.
    if "application/json" in app.current_event.headers.get("accept", "").lower():
        until = asked_at + timedelta(seconds=ADDRESS_SECONDS)
        told = RecordingAddress(url=address, expires_at=until)
        return Response(200, "application/json", told)
    return Response(303, "text/plain", "", headers={"Location": address})


@app.get("/fleet")
def fleet() -> FleetView:
    """Seats, and the media tasks that offer them."""
    return fleet_view.view(wiring.ledger().fleet())


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Alive."""
    return {"status": "ok"}


@app.route(".+", method="OPTIONS", include_in_schema=False)
def preflight() -> Response[str]:
    """A browser asks what a page may do. The gateway's configuration says it, in headers of its
    own; there is nothing else to tell, and a browser that asks so sends no key."""
    return Response(204, "text/plain", "")


handler = http_api.guarded(app, public=frozenset({"GET /healthz", "OPTIONS /{proxy+}"}))
