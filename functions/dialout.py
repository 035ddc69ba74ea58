"""``POST /dialout``: phone somebody."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header
from pydantic import BaseModel

from calls.call import Call, Status
from calls.dial_request import DialRequest
from calls.explanation import Explanation
from calls.phone_number import masked
from calls.refused import CallNotPlacedError
from calls.seats import NoFreeSeatError
from functions import http_api, metric, preparing, wiring
from functions.log import logger

app = http_api.resolver()


class Dialing(BaseModel):
    """A call that has been placed."""

    call_id: str
    call_sid: str | None
    """Twilio's; null only while it is not known yet."""
    status: Status
    to_number: str
    from_number: str
    agent: str


class Queued(BaseModel):
    """A call that waits for a seat. ``GET /calls/{call_id}`` tells what becomes of it."""

    call_id: str
    status: Status


@app.post("/dialout", status_code=201)
def dialout(
    request: Annotated[DialRequest, Body()],
    idempotency_key: Annotated[
        str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)
    ] = None,
) -> Response[Dialing | Queued | Explanation]:
    """Phone `to_number`; the agent talks with whoever answers."""
    api_key = app.context["api_key"]
    if request.dry_run:
        told = wiring.dialer().explain(request, api_key=api_key)
        return Response(200, "application/json", told)
    try:
        dialed = wiring.dialer().dial(request, api_key=api_key, idempotency_key=idempotency_key)
    except NoFreeSeatError:
        metric.count("SeatsExhausted", 1)
        raise
    except CallNotPlacedError as error:
        logger.error(
            "Twilio did not say whether it placed the call"
            if error.ambiguous
            else "Call not placed",
            call_id=error.call_id,
            twilio_code=error.code,
        )
        raise
    call = dialed.call
    logger.info(
        "Call replayed" if dialed.replayed else "Call queued" if call.was_queued else "Call placed",
        call_id=call.call_id,
        call_sid=call.call_sid,
        to_number=masked(call.to_number),
        agent=call.agent,
        api_key=api_key,
    )
    if not dialed.replayed:
        preparing.ask(call)
    headers = {"Location": f"/calls/{call.call_id}"}
    if dialed.replayed:
        headers["Idempotent-Replayed"] = "true"
    status, answer = _answer(call)
    return Response(status, "application/json", answer, headers=headers)


def _answer(call: Call) -> tuple[int, Dialing | Queued]:
    """What was answered first, whatever the call has come to since then."""
    if call.was_queued:
        return 202, Queued(call_id=call.call_id, status=Status.QUEUED)
    return 201, Dialing(
        call_id=call.call_id,
        call_sid=call.call_sid,
        status=Status.DIALING,
        to_number=call.to_number,
        from_number=call.from_number,
        agent=call.agent,
    )


handler = http_api.guarded(app)
