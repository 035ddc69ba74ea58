"""``dialout call``, ``calls`` and ``numbers``: what they say, and what they ask for."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from dialout import access, placing
from dialout.client import Client
from dialout.command import app
from dialout.watching import Watching
from tests.unit.test_client import CALL, PLACED, PROBLEM, Api

run = CliRunner()
AT = "2026-11-22T10:00:0"
RINGING = {**CALL, "status": "ringing", "timeline": [{"at": f"{AT}1Z", "event": "ringing"}]}
SAID = {"number": 1, "role": "agent", "text": "Hi.", "at": f"{AT}3Z"}
OVER = {
    **CALL, "end_reason": "agent_hung_up", "duration_seconds": 9, "transcript": [SAID],
    "timeline": [*RINGING["timeline"], {"at": f"{AT}2Z", "event": "answered"}],
}  # fmt: skip


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    """Stands in for the API that a command finds."""
    api = Api()
    monkeypatch.setenv("DIALOUT_API_KEY", "the-key")
    monkeypatch.setenv("DIALOUT_PUBLIC_API_URL", "https://api.test/")
    found: Callable[..., Client] = lambda *_: api.client()  # noqa: E731
    for module in ("placing", "call_records"):
        monkeypatch.setattr(f"dialout.{module}.client", found)
    return api


def answers(api: Api, *bodies: Any) -> None:
    api.answers += [
        body if isinstance(body, httpx.Response) else httpx.Response(200, json=body)
        for body in bodies
    ]


def test_a_call_is_watched_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    api, lines = Api(), list[str]()
    answers(api, RINGING, RINGING, OVER)
    record = Watching(api.client(), lines.append, sleep=lambda _: None).until_end("01")
    assert lines == [
        "  ringing", "  answered", " agent: Hi.", "Ended after 9 s: agent_hung_up",
    ]  # fmt: skip
    assert record.ended


def test_call_sends_what_it_was_told_and_says_the_id(api: Api) -> None:
    answers(api, PLACED)
    done = run.invoke(
        app,
        ["call", "+15550100001", "--agent", "amelia", "--from", "+15550000001",
         "--var", "name=Sarah", "--var", "formula=a=b", "--no-watch"],
    )  # fmt: skip
    assert (done.exit_code, done.stdout) == (0, "01\n")
    assert json.loads(api.asked[0].content) == {
        "to_number": "+15550100001", "from_number": "+15550000001", "agent": "amelia",
        "variables": {"name": "Sarah", "formula": "a=b"},
    }  # fmt: skip


def test_call_as_json_ends_with_the_record_alone(api: Api) -> None:
    answers(api, PLACED, OVER)
    done = run.invoke(app, ["call", "+15550100001", "--json"])
    assert json.loads(done.stdout)["end_reason"] == "agent_hung_up"
    assert "agent: Hi." in done.stderr


@pytest.mark.parametrize(
    ("status", "problem", "said"),
    [
        (400, {"code": "invalid_request", "detail": "to_number: no"}, "to_number: no"),
        (401, {"code": "unauthorized", "detail": "no"}, "dialout keys add NAME"),
        (503, {"code": "not_configured", "detail": "no secret"}, "`dialout doctor`"),
    ],
)
def test_a_refusal_is_said_in_words(
    api: Api, status: int, problem: dict[str, str], said: str
) -> None:
    answers(api, httpx.Response(status, json=problem, headers=PROBLEM))
    done = run.invoke(app, ["call", "+15550100001", "--no-watch"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_variable_without_a_value_is_refused() -> None:
    done = run.invoke(app, ["call", "+15550100001", "--var", "name"])
    assert done.exit_code == 2
    assert "NAME=VALUE" in done.output


def test_calls_are_listed_shown_ended_and_fetched(api: Api, tmp_path: Any) -> None:
    moved = httpx.Response(303, headers={"Location": "https://s3.test/x"})
    wav = httpx.Response(200, content=b"RIFF")
    answers(api, {"calls": [OVER]}, {"calls": []}, OVER, OVER, moved, wav)
    assert "agent_hung_up" in run.invoke(app, ["calls"]).stdout
    assert run.invoke(app, ["calls", "list", "--status", "ringing"]).stdout == "No calls.\n"
    shown = run.invoke(app, ["calls", "show", "01"]).stdout
    assert "10:00:02  answered\n agent: Hi.\nEnded after 9 s" in shown
    assert run.invoke(app, ["calls", "hang-up", "01"]).exit_code == 0
    path = tmp_path / "call.wav"
    assert run.invoke(app, ["calls", "recording", "01", "-o", str(path)]).exit_code == 0
    assert path.read_bytes() == b"RIFF"
    assert [request.method for request in api.asked] == [
        "GET",
        "GET",
        "GET",
        "DELETE",
        "GET",
        "GET",
    ]


def test_a_call_is_shown_with_what_came_of_it_and_what_was_waited_for(api: Api) -> None:
    latency = {"turn_ms": 400, "token_ms": 200, "voice_ms": 150, "sound_ms": 50}
    turns = [
        SAID,
        {**SAID, "number": 2, "role": "callee", "text": "Four."},
        {**SAID, "number": 3, "text": "Thanks.", "latency_ms": 800, "latency": latency},
        {**SAID, "number": 4, "text": "Bye.", "latency_ms": 700},
    ]
    more = {
        "summary": "They gave a four.", "disposition": "completed",
        "outcome": {"rating": 4, "comment": None, "city": "Köln"},
        "latency": {"p50_ms": 700, "p95_ms": 800, "turns": 2},
    }  # fmt: skip
    answers(api, {**OVER, "transcript": turns, **more})
    shown = run.invoke(app, ["calls", "show", "01"]).stdout.splitlines()
    assert shown[-10:] == [
        " agent: Hi.",
        "callee: Four.",
        " agent: Thanks.  (800 ms: turn 400, token 200, voice 150, sound 50)",
        " agent: Bye.  (700 ms)",
        "Ended after 9 s: agent_hung_up",
        "Came to: completed. They gave a four.",
        "  rating: 4",
        "  comment: null",
        '  city: "Köln"',
        "Answers after 700 ms, 95 of 100 within 800 ms",
    ]


def test_the_address_comes_from_the_option_or_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALOUT_PUBLIC_API_URL", "https://api.test/")
    assert access.api_url(None, None) == "https://api.test"
    assert access.api_url(None, "https://own.test/") == "https://own.test"


def test_without_a_key_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIALOUT_API_KEY", raising=False)
    monkeypatch.setenv("DIALOUT_PUBLIC_API_URL", "https://api.test/")
    done = run.invoke(app, ["call", "+15550100001"])
    assert done.exit_code == 2
    assert "DIALOUT_API_KEY" in done.output
    assert placing.client is access.client
