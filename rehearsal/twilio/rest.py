"""Twilio's REST API of calls, as far as Dialout uses it; and what its other parts share."""

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeAlias
from urllib.parse import urlencode

from aiohttp import web

from . import call_request, resource
from .account import Account
from .call import Call
from .exchange import Exchange
from .phone_call import PhoneCall
from .problem import Problem, not_found, not_in_progress, unauthorized

EXCHANGE = web.AppKey("exchange", Exchange)
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
_PAGING = {"Page", "PageSize", "PageToken"}


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check the credentials; answer refusals as Twilio words them."""
    if not request.path.startswith((resource.API, resource.V1)):
        return await handler(request)
    try:
        _authenticate(request, request.app[EXCHANGE].account)
        return await handler(request)
    except Problem as problem:
        headers = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if problem.status == 401 else {}
        return web.json_response(problem.body(), status=problem.status, headers=headers)
    except web.HTTPException as error:
        if error.status not in (404, 405):
            raise
        return web.json_response(not_found(request.path).body(), status=404)


def routes() -> list[web.RouteDef]:
    """Where it all is found."""
    account = resource.API + "/Accounts/{account}"
    return [
        web.post(f"{account}/Calls.json", create_call),
        web.get(f"{account}/Calls.json", list_calls),
        web.get(f"{account}/Calls/{{call}}.json", fetch_call),
        web.post(f"{account}/Calls/{{call}}.json", update_call),
    ]


def find_call(request: web.Request) -> PhoneCall:
    """The call that the path names.

    Raises:
        Problem: 20404, there is none.
    """
    call = request.app[EXCHANGE].calls.get(request.match_info["call"])
    if call is None:
        raise not_found(request.path)
    return call


def paged(request: web.Request, key: str, items: list[dict[str, object]]) -> web.Response:
    """One page of `items`, as the request asks for it."""
    size = min(max(_whole(request, "PageSize", 50), 1), 1000)
    query = urlencode([pair for pair in request.query.items() if pair[0] not in _PAGING])
    page = _whole(request, "Page", 0)
    return web.json_response(resource.page(key, items, request.path, page, size, query))


async def create_call(request: web.Request) -> web.Response:
    """``POST Calls.json``"""
    form = await request.post()
    call = await request.app[EXCHANGE].place(Form(form))
    return web.json_response(resource.call(call), status=201)


async def fetch_call(request: web.Request) -> web.Response:
    """``GET Calls/{sid}.json``"""
    return web.json_response(resource.call(find_call(request).call))


async def list_calls(request: web.Request) -> web.Response:
    """``GET Calls.json``, newest first; with ``ParentCallSid``, whom that one was joined with"""
    calls = [phone.call for phone in request.app[EXCHANGE].calls.values()]
    if parent := request.query.get("ParentCallSid"):
        return paged(
            request, "calls",
            [child for call in calls if call.sid == parent for child in resource.children(call)],
        )  # fmt: skip
    chosen = [call for call in reversed(calls) if _matches(call, request)]
    return paged(request, "calls", [resource.call(call) for call in chosen])


async def update_call(request: web.Request) -> web.Response:
    """``POST Calls/{sid}.json``: hang up, cancel, or give new instructions"""
    phone, form = find_call(request), Form(await request.post())
    status = form.get("Status")
    if status not in (None, "", "canceled", "completed"):
        raise Problem(20001, f"Status {status!r} is not one of: canceled, completed")
    if status:
        if not phone.call.live:
            raise not_found(request.path)
        if status == "completed" or phone.call.status != "in-progress":
            phone.hang_up()
        return web.json_response(resource.call(phone.call))
    document = call_request.document(form)
    if phone.call.status != "in-progress":
        raise not_in_progress()
    if isinstance(document, str):
        await request.app[EXCHANGE].transferring()
    phone.redirect(document)
    return web.json_response(resource.call(phone.call))


class Form:
    """aiohttp's form, without files."""

    def __init__(self, form: object) -> None:
        self._form = form

    def get(self, name: str) -> str | None:
        values = self.getall(name)
        return values[0] if values else None

    def getall(self, name: str) -> list[str]:
        values = self._form.getall(name, [])  # type: ignore[attr-defined]
        return [value for value in values if isinstance(value, str)]


def _authenticate(request: web.Request, account: Account) -> None:
    try:
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise unauthorized() from None
    right = hmac.compare_digest(
        f"{user}:{secret}".encode(), f"{account.sid}:{account.token}".encode()
    )
    if scheme.lower() != "basic" or not right:
        raise unauthorized()
    if request.match_info.get("account", account.sid) != account.sid:
        raise not_found(request.path)


def _whole(request: web.Request, name: str, default: int) -> int:
    value = request.query.get(name, "")
    return int(value) if value.isdecimal() else default


def _matches(call: Call, request: web.Request) -> bool:
    query = request.query
    for name, value in (("To", call.request.to), ("From", call.request.from_)):
        if query.get(name, value) != value:
            return False
    if query.get("Status", call.status) != call.status:
        return False
    return all(
        _in_time(at, query.get(f"{name}{sign}"), sign)
        for name, at in (("StartTime", call.started), ("EndTime", call.ended))
        for sign in ("", "<", ">")
    )


def _in_time(at: float | None, bound: str | None, sign: str) -> bool:
    """Whole seconds, or whole days where only a date is given; the bounds are included."""
    if not bound:
        return True
    if at is None:
        return False
    dated = len(bound) == len("2026-11-22")
    try:
        limit = datetime.fromisoformat(bound)
    except ValueError:
        raise Problem(20001, f"{bound!r} is not a date") from None
    if limit.tzinfo is None:
        limit = limit.replace(tzinfo=UTC)
    moment = datetime.fromtimestamp(int(at), UTC)
    if dated:
        moment = moment.replace(hour=0, minute=0, second=0)
    if not sign:
        return moment == limit
    return moment <= limit if sign == "<" else moment >= limit
