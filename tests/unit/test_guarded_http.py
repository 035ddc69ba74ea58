"""The client for addresses that somebody gives."""

import socket

import httpx
import pytest

from calls.adapters.guarded_http import (
    MAX_ANSWER_BYTES,
    AddressRefusedError,
    GuardedHttp,
    GuardedRequestError,
)

PUBLIC = "93.184.215.14"


class World:
    """The internet: one name, and what its server is asked."""

    def __init__(self, *addresses: str, answer: httpx.Response | None = None) -> None:
        self.addresses = list(addresses)
        self.answer = answer or httpx.Response(200, content=b"ok")
        self.asked: list[httpx.Request] = []
        self.resolved: list[str] = []

    def client(self) -> GuardedHttp:
        return GuardedHttp(resolver=self._resolve, transport=httpx.MockTransport(self._serve))

    def _resolve(self, host: str, port: int) -> list[str]:
        self.resolved.append(host)
        return self.addresses

    def _serve(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    world = World(PUBLIC)
    answer = world.client().post("https://hook.test:8443/a?b=c", b"x", {"x-a": "1"})

    assert (answer.status, answer.body) == (200, b"ok")
    (request,) = world.asked
    assert request.url == f"https://{PUBLIC}:8443/a?b=c"
    assert request.headers["host"] == "hook.test:8443"
    assert request.extensions["sni_hostname"] == "hook.test"
    assert world.resolved == ["hook.test"], "once: it cannot change its mind"


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1"], ["::1"], ["::ffff:10.0.0.1"],
     [PUBLIC, "127.0.0.1"], []],
)  # fmt: skip
def test_a_name_that_leads_inside_is_not_asked(addresses: list[str]) -> None:
    world = World(*addresses)
    with pytest.raises(AddressRefusedError, match="not a public one"):
        world.client().post("https://hook.test/", b"", {})
    assert world.asked == []


def test_a_redirect_is_not_followed() -> None:
    world = World(PUBLIC, answer=httpx.Response(302, headers={"location": "https://10.0.0.1/"}))
    answer = world.client().get("https://hook.test/", {})
    assert (answer.status, answer.headers["Location"]) == (302, "https://10.0.0.1/")
    assert len(world.asked) == 1


def test_a_long_answer_is_not_read() -> None:
    world = World(PUBLIC, answer=httpx.Response(200, content=b"x" * (MAX_ANSWER_BYTES + 1)))
    with pytest.raises(GuardedRequestError, match="too long"):
        world.client().get("https://hook.test/", {})


def test_plain_http_is_refused_before_a_name_is_resolved() -> None:
    world = World(PUBLIC)
    with pytest.raises(AddressRefusedError, match="https"):
        world.client().get("http://hook.test/", {})
    assert world.resolved == []


def test_a_name_that_cannot_be_resolved_now_may_be_asked_later() -> None:
    def resolver(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    with pytest.raises(GuardedRequestError, match="no answer: gaierror") as raised:
        GuardedHttp(resolver=resolver).get("https://hook.test/", {})
    assert not isinstance(raised.value, AddressRefusedError)
