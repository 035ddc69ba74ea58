"""A request's way to its answer, without I/O: what to send, when to try again, what to make of it.

An ``Exchange`` yields what is to be done next, and is sent what came of it. So the rules stand here
once, and a sender for threads and one for ``asyncio`` only do as they are told.
"""

import uuid
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from dialout.problem import ApiError, UnreachableError

T = TypeVar("T")

WAITS = (0.5, 2.0)
"""Seconds before each further try."""
_STRANGE = "this is not how Dialout answers; is the URL its?"


@dataclass(frozen=True)
class Sent:
    """What of a request depends on the arguments. Values that are None are left out of queries."""

    path: Mapping[str, str] = field(default_factory=dict)
    """For the ``{name}`` of the route."""
    query: Mapping[str, Any] = field(default_factory=dict)
    body: BaseModel | Mapping[str, Any] | None = None
    """JSON. Of a model, what is not at its default."""
    idempotent: str | None = None
    """The request's ``Idempotency-Key``: none makes it a request that is sent once only."""
    accept: str | None = None
    """The kind of answer, where there are several."""


@dataclass(frozen=True)
class CsvPage:
    """Some lines of a CSV."""

    text: str
    cursor: str | None
    """Ask with it for the lines after these; None when there are none."""


@dataclass(frozen=True)
class Ask:
    """Send this."""

    method: str
    url: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    ours: bool = True
    """Whether it goes to the API: nobody else is shown the key."""


@dataclass(frozen=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


Answer = httpx.Response | httpx.RequestError | None
Exchange = Generator[Ask | Pause, Answer, T]


def new_key() -> str:
    """An ``Idempotency-Key`` for the tries of one request."""
    return str(uuid.uuid4())


def exchange(method: str, route: str, model: type[T], sent: Sent, host: str) -> Exchange[T]:
    """One request to the API at ``host``, and its answer as ``model``; see ``operation``.

    Raises:
        ApiError: the API refused, or it is not Dialout's that answered.
        UnreachableError: nobody answered.
    """
    ask = _ask(method, route, sent)
    # A second DELETE could be told that it is done already: by the first.
    repeatable = method in ("GET", "PUT", "PATCH") or sent.idempotent is not None
    answer = yield from _tried(ask, repeatable, host)
    if model is bytes and answer.is_redirect:
        answer = yield from _fetched(answer.headers.get("Location", ""))
    return _read(_accepted(answer), model)


def _ask(method: str, route: str, sent: Sent) -> Ask:
    body = sent.body
    if isinstance(body, BaseModel):
        body = body.model_dump(mode="json", exclude_defaults=True)
    return Ask(
        method,
        route.format_map({name: quote(value, safe="") for name, value in sent.path.items()}),
        {n: to_jsonable_python(v) for n, v in sent.query.items() if v is not None},
        to_jsonable_python(body),
        {
            name: value
            for name, value in (("Idempotency-Key", sent.idempotent), ("Accept", sent.accept))
            if value is not None
        },
    )


def _tried(ask: Ask, repeatable: bool, host: str) -> Exchange[httpx.Response]:
    for wait in (*WAITS, None):
        answer = yield ask
        if isinstance(answer, httpx.Response):
            if wait is None or not repeatable or not _is_the_gateways(answer):
                return answer
        else:
            sure = isinstance(answer, httpx.ConnectError | httpx.ConnectTimeout)
            if wait is None or not (repeatable or sure):
                raise UnreachableError(f"the API at {host} does not answer") from answer
        yield Pause(wait)
    raise AssertionError("the last try returns or raises")


def _fetched(address: str) -> Exchange[httpx.Response]:
    answer = yield Ask("GET", address, ours=False)
    if not isinstance(answer, httpx.Response):
        raise UnreachableError("the recording's address does not answer") from answer
    if answer.status_code != 200:
        raise ApiError(
            answer.status_code, f"http_{answer.status_code}", "the recording is not there"
        )
    return answer


def _accepted(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    status = answer.status_code
    problem = _problem(answer)
    if problem is None:
        raise ApiError(status, f"http_{status}", _STRANGE)
    after = answer.headers.get("Retry-After", "")
    raise ApiError(
        status,
        str(problem.get("code", f"http_{status}")),
        str(problem.get("detail", "")),
        retry_after=float(after) if after.isdecimal() else None,
        fields=problem,
    )


def _is_the_gateways(answer: httpx.Response) -> bool:
    """Whether it is the gateway's own trouble, and not what the product answered."""
    return answer.status_code in (502, 503, 504) and _problem(answer) is None


def _problem(answer: httpx.Response) -> dict[str, Any] | None:
    if not str(answer.headers.get("Content-Type")).startswith("application/problem+json"):
        return None
    try:
        problem = answer.json()
    except ValueError:
        return None
    return problem if isinstance(problem, dict) else None


def _read(answer: httpx.Response, model: type[T]) -> T:
    try:
        if model in (bytes, NoneType):
            found = answer.content if model is bytes else None
            return TypeAdapter(model).validate_python(found)
        if model is CsvPage:
            if not str(answer.headers.get("Content-Type")).startswith("text/csv"):
                raise ApiError(answer.status_code, f"http_{answer.status_code}", _STRANGE)
            page = CsvPage(answer.text, answer.headers.get("Dialout-Cursor"))
            return TypeAdapter(model).validate_python(page)
        return TypeAdapter(model).validate_json(answer.content)
    except ValidationError:
        status = answer.status_code
        raise ApiError(status, f"http_{status}", _STRANGE) from None
