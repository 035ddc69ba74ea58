"""What the REST API answers: Twilio's JSON of calls, recordings and lists of them."""

from typing import Any

from .call import Call, rfc2822
from .recording import Recording

API = "/2010-04-01"
V1 = "/v1/"
"""Where Twilio's younger products are: each has a host of its own, and here they share one."""


def account_path(account_sid: str) -> str:
    """Where everything of an account lives."""
    return f"{API}/Accounts/{account_sid}"


def call(call: Call) -> dict[str, Any]:
    """A Call resource."""
    uri = f"{account_path(call.account_sid)}/Calls/{call.sid}"
    return {
        "sid": call.sid,
        "account_sid": call.account_sid,
        "parent_call_sid": None,
        "phone_number_sid": None,
        "to": call.request.to,
        "to_formatted": call.request.to,
        "from": call.request.from_,
        "from_formatted": call.request.from_,
        "status": call.status,
        "direction": call.request.direction,
        "answered_by": call.answered_by,
        "api_version": "2010-04-01",
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(call.updated or call.created),
        "start_time": rfc2822(call.started),
        "end_time": rfc2822(call.ended),
        "duration": None if call.ended is None else str(call.duration or 0),
        "price": None,
        "price_unit": "USD",
        "caller_name": None,
        "forwarded_from": None,
        "group_sid": None,
        "trunk_sid": None,
        "queue_time": "0",
        "annotation": None,
        "uri": f"{uri}.json",
        "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
    }


def children(parent: Call) -> list[dict[str, Any]]:
    """Those whom its ``<Dial>`` phoned, as far as anybody asks: who they are, and whose."""
    own = {"parent_call_sid": parent.sid, "direction": "outbound-dial"}
    return [{**call(parent), **own, "sid": sid, "to": to} for sid, to in parent.children]


def recording(recording: Recording, account_sid: str, base_url: str) -> dict[str, Any]:
    """A Recording resource."""
    path = f"{account_path(account_sid)}/Recordings/{recording.sid}"
    started = recording.started.timestamp()
    return {
        "sid": recording.sid,
        "account_sid": account_sid,
        "call_sid": recording.call_sid,
        "conference_sid": None,
        "api_version": "2010-04-01",
        "status": recording.status,
        "channels": recording.channels,
        "source": recording.source,
        "track": "both",
        "start_time": rfc2822(started),
        "date_created": rfc2822(started),
        "date_updated": rfc2822(started + max(0, recording.seconds)),
        "duration": str(recording.seconds),
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "encryption_details": None,
        "media_url": f"{base_url}{path}",
        "uri": f"{path}.json",
        "subresource_uris": {},
    }


def page(
    key: str, items: list[dict[str, Any]], path: str, number: int, size: int, query: str
) -> dict[str, Any]:
    """One page of a list.

    Args:
        key: The name under which the items stand.
        items: All of them, not only this page's.
        path: The list's own path.
        number: The page, from 0.
        size: Items a page.
        query: The filters, encoded, without the paging; "" for none.
    """

    def uri(of: int) -> str:
        return f"{path}?{query + '&' if query else ''}PageSize={size}&Page={of}&PageToken=PA{of}"

    shown = items[number * size : (number + 1) * size]
    more = (number + 1) * size < len(items)
    return {
        key: shown,
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": number * size + max(0, len(shown) - 1),
        "uri": uri(number),
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1) if more else None,
        "previous_page_uri": uri(number - 1) if number else None,
    }
