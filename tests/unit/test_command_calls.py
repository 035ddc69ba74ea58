"""``dialout call``, ``calls`` and ``numbers``: what they say, and what they ask for."""

import json
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from dialout import access
from dialout.command import app
from dialout.watching import Watching
from tests.unit.fake_api import Api
from tests.unit.test_client import CALL, PLACED

run = CliRunner()
AT = "2026-11-22T10:00:0"
RINGING = {**CALL, "status": "ringing", "timeline": [{"at": f"{AT}1Z", "event": "ringing"}]}
SAID = {"number": 1, "role": "agent", "text": "Hi.", "at": f"{AT}3Z"}
OVER = {
    **CALL, "end_reason": "agent_hung_up", "duration_seconds": 9, "transcript": [SAID],
    "timeline": [
        *RINGING["timeline"], {"at": f"{AT}2Z", "event": "answered"},
        {"at": f"{AT}4Z", "event": "tool", "detail": "end_call"},
    ],
}  # fmt: skip


def test_a_call_is_watched_to_its_end() -> None:
    api, lines = Api(), list[str]()
    api.will(RINGING, RINGING, OVER)
    record = Watching(api.client(), lines.append, sleep=lambda _: None).until_end("01")
    assert lines == [
        "  ringing", "  answered", " agent: Hi.", "  tool: end_call",
        "Ended after 9 s: agent_hung_up",
    ]  # fmt: skip
    assert record.ended


def test_call_sends_what_it_was_told_and_says_the_id(api: Api) -> None:
    api.will(PLACED)
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
    api.will(PLACED, OVER)
    done = run.invoke(app, ["call", "+15550100001", "--json"])
    assert json.loads(done.stdout)["end_reason"] == "agent_hung_up"
    assert "agent: Hi." in done.stderr


def test_every_option_of_a_call_is_sent(api: Api) -> None:
    api.will(httpx.Response(202, json={"call_id": "01", "status": "queued"}))
    done = run.invoke(
        app,
        ["call", "+15550100001", "--time-zone", "Europe/Berlin", "--wait", "--metadata", "order=7",
         "--webhook-url", "https://example.com/calls", "--max-call-seconds", "60",
         "--consent", "express_written,2026-11-01T09:00:00+01:00,form, page 2",
         "--idempotency-key", "order-7", "--no-follow", "--json"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["status"] == "queued"
    assert api.asked[0].headers["Idempotency-Key"] == "order-7"
    assert json.loads(api.asked[0].content) == {
        "to_number": "+15550100001", "time_zone": "Europe/Berlin", "wait": True,
        "metadata": {"order": "7"}, "webhook_url": "https://example.com/calls",
        "max_call_seconds": 60,
        "consent": {
            "basis": "express_written", "at": "2026-11-01T09:00:00+01:00", "source": "form, page 2",
        },
    }  # fmt: skip


def test_a_call_that_waits_is_followed_too(api: Api) -> None:
    api.will(httpx.Response(202, json={"call_id": "01", "status": "queued"}), OVER)
    done = run.invoke(app, ["call", "+15550100001", "--wait", "--follow"])
    assert (done.exit_code, "Ended after 9 s" in done.stdout) == (0, True)
    assert "Call 01, waiting" in done.stderr


TOLD = {
    "would_dial": False, "to_number": "+15550100001", "from_number": "+15550000001",
    "agent": "amelia", "time_zones": ["America/New_York"], "calling_window": "08:00-21:00",
    "greeting": "Hi [Sarah].", "max_call_seconds": 600, "free_seats": 3,
    "rules": [
        {"rule": "do_not_call", "allows": True},
        {"rule": "quiet_hours", "allows": False, "detail": "it is 23:10 there",
         "allowed_at": "2026-11-23T13:00:00Z"},
    ],
}  # fmt: skip


def test_a_dry_run_shows_the_rules(api: Api) -> None:
    api.will(TOLD, {**TOLD, "would_dial": True})
    forbidden = run.invoke(app, ["call", "+15550100001", "--dry-run"])
    allowed = run.invoke(app, ["call", "+15550100001", "--dry-run", "--json"])
    rows = [" ".join(line.split()) for line in forbidden.stdout.splitlines()]
    assert "do_not_call allows" in rows
    assert "quiet_hours forbids it is 23:10 there 2026-11-23 13:00 UTC" in rows
    assert "Greeting: Hi [Sarah]." in rows
    assert rows[-1] == "It would not be dialled."
    assert json.loads(allowed.stdout)["would_dial"]
    assert (forbidden.exit_code, allowed.exit_code) == (1, 0)


def test_without_a_number_it_is_the_articles_test_call(
    api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("TO_NUMBER", "FROM_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    assert run.invoke(app, ["call", "--no-follow"]).exit_code == 2
    Path(".env").write_text("TO_NUMBER=+15550100001\nFROM_NUMBER=+15550000001\n")
    api.will(PLACED, PLACED)
    assert run.invoke(app, ["call", "--no-follow"]).stdout == "01\n"
    # Whoever says whom, is not told from where by a file.
    run.invoke(app, ["call", "+15550100002", "--no-follow"])
    assert [json.loads(asked.content) for asked in api.asked] == [
        {"to_number": "+15550100001", "from_number": "+15550000001"},
        {"to_number": "+15550100002"},
    ]


def test_ctrl_c_leaves_the_call_alone(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.will(PLACED)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Watching, "until_end", interrupted)
    done = run.invoke(app, ["call", "+15550100001"])
    assert done.exit_code == 130
    assert "dialout calls cancel 01" in done.stderr
    assert [asked.method for asked in api.asked] == ["POST"]


@pytest.mark.parametrize(
    "argv",
    [
        ["--consent", "express_written"],
        ["--consent", "express_written,yesterday,form"],
        ["--consent", "express_written,2026-11-01T09:00:00,form"],
        ["--metadata", "order"],
        ["--max-call-seconds", "long"],
    ],
)
def test_options_that_are_not_right_phone_nobody(api: Api, argv: list[str]) -> None:
    assert run.invoke(app, ["call", "+15550100001", *argv]).exit_code == 2
    assert not api.asked


def test_a_variable_without_a_value_is_refused() -> None:
    done = run.invoke(app, ["call", "+15550100001", "--var", "name"])
    assert done.exit_code == 2
    assert "NAME=VALUE" in done.output


RICH = {
    **OVER, "disposition": "completed", "summary": "She confirmed.", "answered_by": "human",
    "outcome": {"decision": "confirmed", "note": None, "asked": True},
    "answer_to_first_audio_ms": 15,
    "latency": {"p50_ms": 700, "p95_ms": 900, "turns": 4},
    "transcript": [
        {**SAID, "latency_ms": 640},
        {**SAID, "number": 2, "latency_ms": 600, "latency": {
            "turn_ms": 300, "token_ms": 150, "voice_ms": 110, "sound_ms": 40,
        }},
    ],
    "timeline": [{"at": f"{AT}2Z", "event": "tool", "detail": "record_answer"}],
    "recording": {"status": "completed"},
}  # fmt: skip


def test_calls_are_listed_shown_ended_and_fetched(api: Api, tmp_path: Path) -> None:
    moved = httpx.Response(303, headers={"Location": "https://s3.test/x"})
    wav = httpx.Response(200, content=b"RIFF")
    api.will({"calls": [OVER], "cursor": "01"}, {"calls": []}, OVER, OVER, OVER, moved, wav)
    listed = run.invoke(app, ["calls"])
    assert "agent_hung_up" in listed.stdout
    assert "--cursor 01" in listed.stderr
    assert run.invoke(app, ["calls", "list", "--status", "ringing"]).stdout == "No calls.\n"
    shown = run.invoke(app, ["calls", "show", "01"]).stdout
    assert "10:00:02  answered\n10:00:04  tool: end_call\n agent: Hi.\nEnded after 9 s" in shown
    assert run.invoke(app, ["calls", "cancel", "01"]).exit_code == 0
    ended = run.invoke(app, ["calls", "hang-up", "01", "--json"])
    assert json.loads(ended.stdout)["call_id"] == "01"
    path = tmp_path / "call.wav"
    assert run.invoke(app, ["calls", "recording", "01", "-o", str(path)]).exit_code == 0
    assert path.read_bytes() == b"RIFF"
    methods = [asked.method for asked in api.asked]
    assert methods == ["GET", "GET", "GET", "DELETE", "DELETE", "GET", "GET"]


def test_the_fleet_is_told(api: Api) -> None:
    task = {"task_id": "a1", "seats": 10, "live": 3, "draining": False, "beat_at": f"{AT}2Z"}
    fleet = {"seats": 10, "taken": 4, "free": 6, "calls_per_second": 1.0, "tasks": [task]}
    api.will(fleet, {**fleet, "tasks": []})
    shown = run.invoke(app, ["fleet"]).stdout
    assert "4 of 10 seats taken, 6 free." in shown
    assert "takes calls" in shown
    assert api.asked[0].url.path == "/fleet"
    assert json.loads(run.invoke(app, ["fleet", "--json"]).stdout)["free"] == 6


def test_show_tells_what_came_of_a_call(api: Api) -> None:
    api.will(RICH)
    shown = run.invoke(app, ["calls", "show", "01"]).stdout
    for line in (
        "10:00:02  tool: record_answer", " agent: Hi.  (640 ms)",
        " agent: Hi.  (600 ms: turn 300, token 150, voice 110, sound 40)",
        "Disposition: completed",
        "Summary:     She confirmed.", "Outcome:     decision = confirmed",
        "Outcome:     asked = true",
        "First audio: 15 ms after the answer", "Latency:     p50 700 ms, p95 900 ms of 4 turns",
        "Answered by: human", "Recording:   completed",
    ):  # fmt: skip
        assert line in shown.splitlines()


def test_a_listing_is_asked_for_as_it_was_said(api: Api) -> None:
    api.will({"calls": []})
    argv = ["--since", "2026-11-25", "--agent", "amelia", "--limit", "5", "--campaign", "03"]
    run.invoke(app, ["calls", "list", *argv])
    assert dict(api.asked[0].url.params) == {
        "since": "2026-11-25T00:00:00Z", "agent": "amelia", "limit": "5", "campaign": "03",
    }  # fmt: skip
    assert run.invoke(app, ["calls", "list", "--status", "gone"]).exit_code == 2


def test_the_address_comes_from_the_option_or_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIALOUT_API_URL", raising=False)
    monkeypatch.setenv("DIALOUT_PUBLIC_API_URL", "https://deployed.test/")
    assert access.api_url(None, None) == "https://deployed.test"
    monkeypatch.setenv("DIALOUT_API_URL", "https://api.test/")
    assert access.api_url(None, None) == "https://api.test"
    assert access.api_url(None, "https://own.test/") == "https://own.test"


def test_without_a_key_nothing_is_asked(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIALOUT_API_KEY")
    done = run.invoke(app, ["call", "+15550100001"])
    assert done.exit_code == 2
    assert "DIALOUT_API_KEY" in done.output
    assert not api.asked
