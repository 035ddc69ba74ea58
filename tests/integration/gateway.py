"""API Gateway's payload v2 events, as an HTTP API sends them to a function."""

import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from twilio.request_validator import RequestValidator


@dataclass(frozen=True)
class Context:
    """Lambda's context object, as far as anybody looks at it."""

    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:function"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"


def event(
    route: str,
    path: str,
    *,
    query: str = "",
    body: str | bytes | None = None,
    headers: dict[str, str] | None = None,
    path_parameters: dict[str, str] | None = None,
    stage: str = "$default",
    base64_body: bool = False,
) -> dict[str, Any]:
    """An event for ``route`` (``POST /dialout``), with ``path`` as it was requested."""
    raw = body.encode() if isinstance(body, str) else body
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path if stage == "$default" else f"/{stage}{path}",
        "rawQueryString": query,
        "headers": {"host": "abc123.execute-api.us-east-1.amazonaws.com", **(headers or {})},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "abc123",
            "domainName": "abc123.execute-api.us-east-1.amazonaws.com",
            "http": {
                "method": route.split()[0],
                "path": path if stage == "$default" else f"/{stage}{path}",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "test",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": route,
            "stage": stage,
            "time": "22/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1795348800000,
        },
        "isBase64Encoded": base64_body,
    }
    if query:
        made["queryStringParameters"] = dict(parse_qsl(query, keep_blank_values=True))
    if path_parameters:
        made["pathParameters"] = path_parameters
    if raw is not None:
        made["body"] = base64.b64encode(raw).decode() if base64_body else raw.decode()
    return made


def webhook(
    path: str,
    query: str,
    form: list[tuple[str, str]] | dict[str, str],
    *,
    base_url: str,
    auth_token: str,
    signature: str | None = None,
    stage: str = "$default",
) -> dict[str, Any]:
    """Twilio's form post, signed over the public URL unless a ``signature`` is given."""
    pairs = list(form.items()) if isinstance(form, dict) else form
    url = f"{base_url}{path}" + (f"?{query}" if query else "")
    if signature is None:
        signature = RequestValidator(auth_token).compute_signature(url, dict(pairs))
    return event(
        f"POST {path}",
        path,
        query=query,
        body=urlencode(pairs),
        headers={
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
            "x-twilio-signature": signature,
        },
        base64_body=True,
        stage=stage,
    )
