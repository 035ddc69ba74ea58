"""``dialout numbers``, where Twilio and the API answer as they are told to."""

from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from dialout import numbers
from dialout.command import app
from dialout.numbers import Numbers
from dialout.problem import ApiError, UnreachableError

ONE = {"sid": "PN1", "phone_number": "+15550000001", "capabilities": {"voice": True}}
TWO = {**ONE, "sid": "PN2", "phone_number": "+15550000002", "voice_url": "https://old.test/"}
LISTED = {"incoming_phone_numbers": [ONE, TWO]}


class Twilio:
    """Answers in turn, and keeps what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[httpx.Response | Exception] = []
        self.asked: list[tuple[str, str, Any]] = []
        monkeypatch.setattr(httpx, "request", self.request)
        monkeypatch.setattr(httpx, "post", lambda url, **_: httpx.Response(403))
        account = Numbers("https://twilio.test", "AC1", "token")
        monkeypatch.setattr(numbers.Numbers, "of", lambda _: account)

    def request(self, method: str, url: str, **more: Any) -> httpx.Response:
        self.asked.append((method, url, more["data"]))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def twilio(monkeypatch: pytest.MonkeyPatch) -> Twilio:
    return Twilio(monkeypatch)


def test_every_page_is_listed(twilio: Twilio) -> None:
    page = {"incoming_phone_numbers": [ONE], "next_page_uri": "/2?Page=1"}
    twilio.answers = [httpx.Response(200, json=page), httpx.Response(200, json=LISTED)]
    out = CliRunner().invoke(app, ["numbers", "list"]).stdout
    assert twilio.asked[1][1] == "https://twilio.test/2?Page=1"
    assert out.splitlines()[-2:] == [
        "+15550000001  voice     goes nowhere",
        "+15550000002  voice     https://old.test/",
    ]


def test_a_number_is_pointed_at_the_api(twilio: Twilio) -> None:
    twilio.answers = [httpx.Response(200, json=LISTED), httpx.Response(200, json=TWO)]
    argv = ["numbers", "connect", "+15550000002", "--url", "https://api.test/"]
    done = CliRunner().invoke(app, argv)
    assert done.stdout == "+15550000002 → https://api.test/inbound\n"
    assert done.stderr == "It went to https://old.test/ before.\n"
    method, url, form = twilio.asked[1]
    assert (method, url.rpartition("/")[2]) == ("POST", "PN2.json")
    assert (form["VoiceUrl"], form["VoiceMethod"]) == ("https://api.test/inbound", "POST")
    assert form["StatusCallback"] == "https://api.test/status"


def test_an_api_that_takes_no_calls_is_said(
    twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(httpx, "post", lambda url, **_: httpx.Response(401))
    twilio.answers = [httpx.Response(200, json=LISTED), httpx.Response(200, json=ONE)]
    argv = ["numbers", "connect", "+15550000001", "--url", "https://api.test"]
    assert "Nobody takes calls at" in CliRunner().invoke(app, argv).stderr


def test_twilios_refusals(twilio: Twilio) -> None:
    account = Numbers("https://twilio.test", "AC1", "token")
    twilio.answers = [
        httpx.Response(401, json={"code": 20003, "message": "Authenticate"}),
        httpx.ConnectError("no"),
    ]
    with pytest.raises(ApiError, match="does not know these credentials"):
        account.all()
    with pytest.raises(UnreachableError):
        account.all()
