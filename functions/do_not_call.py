"""``/do-not-call``: who is never to be phoned again."""

from typing import Annotated
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from calls.call import now
from calls.do_not_call import Listing
from calls.phone_number import PhoneNumberError, e164, masked
from functions import http_api, wiring
from functions.log import logger
from functions.problems import ProblemError

app = http_api.resolver()

Number = Annotated[
    str, Path(description="In E.164; the `+` may be sent as `%2B`.", examples=["+15550100001"])
]


class Wish(BaseModel):
    """Why a number is listed. A body is not needed."""

    model_config = ConfigDict(extra="forbid")

    reason: str | None = Field(None, max_length=500)


class Listings(BaseModel):
    """Some of the list, in the numbers' order."""

    listings: list[Listing]
    cursor: str | None
    """Ask with it for those that follow; null when there are none."""


@app.put("/do-not-call/<number>")
def put(number: Number, wish: Annotated[Wish | None, Body()] = None) -> Listing:
    """Never phone this number again. Its schedules and its part in campaigns are cancelled."""
    listing = Listing(
        number=_number(number), listed_at=now(), source="api", reason=wish and wish.reason
    )
    kept = wiring.do_not_call().put(listing)
    logger.info("Number listed", number=masked(kept.number), api_key=app.context["api_key"])
    return kept


@app.get("/do-not-call/<number>")
def one(number: Number) -> Listing:
    """How the number came onto the list."""
    listing = wiring.do_not_call().get(_number(number))
    if listing is None:
        raise _not_listed()
    return listing


@app.delete("/do-not-call/<number>", status_code=204)
def remove(number: Number) -> Response[str]:
    """Take the number off. What was cancelled stays so."""
    wanted = _number(number)
    if not wiring.do_not_call().remove(wanted):
        raise _not_listed()
    logger.warning("Number taken off the list", number=masked(wanted), key=app.context["api_key"])
    return Response(204, body="")


@app.get("/do-not-call")
def many(
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(pattern=r"^\+[0-9]{7,15}$")] = None,
) -> Listings:
    """The whole list, page by page."""
    found = wiring.do_not_call().page(limit=limit, after=cursor)
    return Listings(listings=found, cursor=found[-1].number if len(found) == limit else None)


def _number(sent: str) -> str:
    try:
        return e164(unquote(sent))
    except PhoneNumberError as error:
        raise ProblemError(400, "invalid_request", f"number: {error}") from error


def _not_listed() -> ProblemError:
    return ProblemError(404, "not_listed", "this number is not on the do-not-call list")


handler = http_api.guarded(app)
