"""``POST /dialout``: phone somebody."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header
from pydantic import BaseModel

from calls.call import Status
from calls.dial_request import DialRequest
from calls.phone_number import masked
from functions import http_api, wiring
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


@app.post("/dialout", status_code=201)
def dialout(
    request: Annotated[DialRequest, Body()],
    idempotency_key: Annotated[
        str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)
    ] = None,
) -> Response[Dialing]:
    """Phone `to_number`; the agent talks with whoever answers."""
    api_key = app.context["api_key"]
    dialed = wiring.dialer().dial(request, api_key=api_key, idempotency_key=idempotency_key)
    call = dialed.call
    logger.info(
        "Call placed" if not dialed.replayed else "Call replayed",
        call_id=call.call_id,
        call_sid=call.call_sid,
        to_number=masked(call.to_number),
        agent=call.agent,
        api_key=api_key,
    )
    answer = Dialing(
        call_id=call.call_id,
        call_sid=call.call_sid,
        status=Status.DIALING,
        to_number=call.to_number,
        from_number=call.from_number,
        agent=call.agent,
    )
    headers = {"Location": f"/calls/{call.call_id}"}
    if dialed.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(201, "application/json", answer, headers=headers)


handler = http_api.guarded(app)
