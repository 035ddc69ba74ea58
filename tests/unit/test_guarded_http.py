"""The client for addresses that somebody gives."""

import gzip
import socket
import ssl

import httpx
import pytest
from httpx import ByteStream

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


def test_a_name_that_changes_its_mind_is_held_to_its_first_word() -> None:
    """DNS rebinding: a public address to whoever checks, an inner one to whoever connects."""
    world = World(PUBLIC)
    said = iter([[PUBLIC], ["169.254.169.254"], ["127.0.0.1"]])
    client = GuardedHttp(
        resolver=lambda *_: next(said), transport=httpx.MockTransport(world._serve)
    )
    client.get("https://hook.test/", {})
    for _ in range(2):
        with pytest.raises(AddressRefusedError):
            client.get("https://hook.test/", {})
    assert [request.url.host for request in world.asked] == [PUBLIC]


@pytest.mark.parametrize(
    "host",
    [
        "2130706433", "0x7f000001", "017700000001", "0177.0.0.1", "0x7f.1", "127.1", "0",
        "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "0xa9.0xfe.0xa9.0xfe",
        "[::1]", "[::ffff:7f00:1]", "[64:ff9b::a9fe:a9fe]", "localhost", "LOCALHOST",
        "127\u30020.0.1", "\u2460\u2461\u2466.0.0.1",
    ],
)  # fmt: skip
def test_an_address_written_otherwise_is_the_same_address(host: str) -> None:
    """As the system itself reads them: decimal, octal, hexadecimal, short, full-width."""
    world = World()
    client = GuardedHttp(transport=httpx.MockTransport(world._serve))
    with pytest.raises(AddressRefusedError):
        client.get(f"https://{host}/", {})
    assert world.asked == []


@pytest.mark.parametrize("host", ["a" * 64 + ".test", "a..test", "xn--\u00fc.test", "\ud800.test"])
def test_what_is_no_name_is_refused(host: str) -> None:
    with pytest.raises(AddressRefusedError):
        GuardedHttp(transport=httpx.MockTransport(World()._serve)).get(f"https://{host}/", {})


def test_a_name_in_another_script_is_asked_for_as_the_net_knows_it() -> None:
    world = World(PUBLIC)
    world.client().get("https://b\u00fccher.test:8443/", {})
    (request,) = world.asked
    assert world.resolved == ["xn--bcher-kva.test"]
    assert request.headers["host"] == "xn--bcher-kva.test:8443"
    assert request.extensions["sni_hostname"] == "xn--bcher-kva.test"


def test_what_swells_as_it_is_unpacked_is_not_unpacked() -> None:
    packed = gzip.compress(b"x" * 50 * MAX_ANSWER_BYTES)
    assert len(packed) < MAX_ANSWER_BYTES
    answer = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=ByteStream(packed))
    world = World(PUBLIC, answer=answer)
    assert world.client().get("https://hook.test/", {}).body == packed
    assert world.asked[0].headers["accept-encoding"] == "identity"


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


def test_certificates_that_were_read_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tls, read = ssl.create_default_context(), list[object]()
    make = ssl.create_default_context
    monkeypatch.setattr(
        ssl, "create_default_context", lambda *of, **more: read.append(of) or make(*of, **more)
    )
    GuardedHttp(tls=tls)
    assert read == []
    GuardedHttp()
    assert len(read) == 1
