"""Twilio's REST API of the account, its numbers, and the countries that it may phone."""

import re

from aiohttp import web

from . import account, resource
from .problem import Problem, not_found
from .rest import EXCHANGE, Form, paged


def routes() -> list[web.RouteDef]:
    """Where it all is found."""
    one = resource.API + "/Accounts/{account}"
    return [
        web.get(f"{one}.json", fetch_account),
        web.get(f"{one}/IncomingPhoneNumbers.json", list_numbers),
        web.post(f"{one}/IncomingPhoneNumbers/{{number}}.json", update_number),
        web.get(resource.V1 + "DialingPermissions/Countries/{country}", fetch_country),
    ]


async def fetch_account(request: web.Request) -> web.Response:
    """``GET Accounts/{sid}.json``"""
    exchange = request.app[EXCHANGE]
    trial = bool(exchange.faults.take(["account_trial"]))
    return web.json_response(exchange.account.resource(trial=trial))


async def list_numbers(request: web.Request) -> web.Response:
    """``GET IncomingPhoneNumbers.json``"""
    exchange = request.app[EXCHANGE]
    wanted = request.query.get("PhoneNumber", "")
    voice = not exchange.faults.take(["number_without_voice"])
    items = [
        number.resource(voice=voice)
        for number in exchange.numbers.values()
        if wanted in number.phone_number
    ]
    return paged(request, "incoming_phone_numbers", items)


async def update_number(request: web.Request) -> web.Response:
    """``POST IncomingPhoneNumbers/{sid}.json``: what it does when it is phoned"""
    form = await request.post()
    number = request.app[EXCHANGE].numbers.get(request.match_info["number"])
    if number is None:
        raise not_found(request.path)
    fields = Form(form)
    for name in form:
        value = fields.get(name) or ""
        if name in ("VoiceUrl", "StatusCallback") and value and not _is_address(value):
            raise Problem(21502, f"{name} is not a valid URL: {value}")
        number.update(name, value)
    return web.json_response(number.resource())


async def fetch_country(request: web.Request) -> web.Response:
    """``GET DialingPermissions/Countries/{iso}``: each is open, unless a fault says otherwise"""
    iso_code = request.match_info["country"]
    if not re.fullmatch("[A-Z]{2}", iso_code):
        raise not_found(request.path)
    closed = request.app[EXCHANGE].faults.take(["country_closed"])
    return web.json_response(account.country(iso_code, is_open=not closed))


def _is_address(value: str) -> bool:
    return re.match(r"https?://[^\s/]+", value) is not None
