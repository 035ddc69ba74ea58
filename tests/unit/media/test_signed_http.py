"""What is posted to the user's own addresses."""

import asyncio
import hashlib
import hmac
import json
import threading

import httpx
import pytest

from calls.adapters.guarded_http import GuardedHttp, GuardedRequestError
from calls.ports import SecretMissingError
from media_service import signed_http
from media_service.signed_http import SignedHttp
from tests.fakes import FakeSecrets

URL = "https://hook.test/a"


def client(serve: httpx.MockTransport, address: str = "93.184.215.14") -> GuardedHttp:
    return GuardedHttp(resolver=lambda host, port: [address], transport=serve)


async def test_it_is_signed_as_an_event_is_and_off_the_loop() -> None:
    seen: list[tuple[httpx.Request, str]] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append((request, threading.current_thread().name))
        return httpx.Response(201, content=b"ok")

    http = SignedHttp(FakeSecrets({"webhook-secret": "s"}), client(httpx.MockTransport(serve)))
    answer = await http.post(URL, {"name": "Zoë"})
    assert (answer.status, answer.body) == (201, b"ok")
    ((request, thread),) = seen
    assert thread.startswith("http")
    assert json.loads(request.content) == {"name": "Zoë"}
    parts = dict(part.split("=", 1) for part in request.headers["dialout-signature"].split(","))
    signed = f"{parts['t']}.".encode() + request.content
    assert parts["v1"] == hmac.new(b"s", signed, hashlib.sha256).hexdigest()


async def test_an_address_that_leads_inside_is_not_asked() -> None:
    serve = httpx.MockTransport(lambda _: httpx.Response(200))
    http = SignedHttp(FakeSecrets({"webhook-secret": "s"}), client(serve, "169.254.169.254"))
    with pytest.raises(GuardedRequestError, match="not a public one"):
        await http.post(URL, {})


async def test_nothing_is_sent_unsigned() -> None:
    http = SignedHttp(FakeSecrets(), client(httpx.MockTransport(lambda _: httpx.Response(200))))
    with pytest.raises(SecretMissingError):
        await http.post(URL, {})


async def test_who_takes_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_http, "SECONDS", 0.02)
    over = threading.Event()

    def serve(_: httpx.Request) -> httpx.Response:
        over.wait(10)
        return httpx.Response(200)

    http = SignedHttp(FakeSecrets({"webhook-secret": "s"}), client(httpx.MockTransport(serve)))
    with pytest.raises(TimeoutError):
        await http.post(URL, {})
    over.set()
    await asyncio.sleep(0)
