"""``dialout campaign``: what it asks for, and what it says."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from dialout import campaign_watching, contact_file
from dialout.command import app
from tests.unit.fake_api import Api

run = CliRunner()
AT = "2026-11-22T10:00:00Z"
DRAFT: dict[str, Any] = {
    "campaign_id": "03", "name": "spring", "state": "draft", "agent": "reminder",
    "from_number": "+15550000001", "created_at": AT, "updated_at": AT,
}  # fmt: skip
SEEN = {
    "contacts": 1000, "will_be_called": 900, "of_them_later": 100, "skipped": {"do_not_call": 100},
    "estimated": False, "calls_per_second": 1.5, "seats": 50, "average_call_seconds": 90,
    "seconds": 5400, "usd": 41.5, "usd_per_call": 0.0461,
}  # fmt: skip


def at(state: str, done: int, calling: int = 0, **more: Any) -> dict[str, Any]:
    progress = {
        "contacts": 4, "by_state": {"done": done, "calling": calling},
        "by_disposition": {"busy": 1, "completed": done - 1} if done else {},
        "attempts_per_minute": 6.0 if state == "running" else None,
        "ends_at": "2026-11-22T10:30:00Z" if state == "running" else None,
    }  # fmt: skip
    return {**DRAFT, "state": state, "progress": progress, **more}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(campaign_watching, "_SECONDS", 0)
    monkeypatch.chdir(tmp_path)


def test_a_campaign_is_made_with_everything_that_was_said(api: Api) -> None:
    api.will(httpx.Response(201, json=at("draft", 0)))
    done = run.invoke(
        app,
        ["campaign", "create", "spring", "--agent", "reminder", "--from", "+15550000001",
         "--calling-window", "10:00-18:00", "--time-zone", "Europe/Berlin",
         "--retry", "busy=1,60", "--retry", "voicemail=2,3600", "--max-attempts", "4",
         "--breaker", "0.3,10", "--metadata", "a=b", "--max-call-seconds", "60",
         "--consent", "form,2026-11-01T09:00:00Z,web", "--idempotency-key", "k"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "03 (spring): draft" in done.stdout
    assert api.asked[0].headers["Idempotency-Key"] == "k"
    assert json.loads(api.asked[0].content) == {
        "name": "spring", "agent": "reminder", "from_number": "+15550000001",
        "calling_window": "10:00-18:00", "time_zone": "Europe/Berlin", "max_attempts": 4,
        "retry": {
            "busy": {"attempts": 1, "gap_seconds": 60},
            "voicemail": {"attempts": 2, "gap_seconds": 3600},
        },
        "breaker": {"share": 0.3, "of_last": 10}, "metadata": {"a": "b"}, "max_call_seconds": 60,
        "consent": {"basis": "form", "at": "2026-11-01T09:00:00Z", "source": "web"},
    }  # fmt: skip


@pytest.mark.parametrize(
    "option",
    [
        ["--retry", "bussy=1,60"],
        ["--retry", "busy=1"],
        ["--retry", "busy=x,60"],
        ["--breaker", "0.3"],
        ["--breaker", "half,10"],
    ],
)
def test_what_is_no_policy_is_refused_here(api: Api, option: list[str]) -> None:
    assert run.invoke(app, ["campaign", "create", "spring", *option]).exit_code == 2
    assert not api.asked


def test_what_is_changed_is_sent_and_nothing_else(api: Api) -> None:
    api.will(httpx.Response(200, json=at("paused", 1)))
    done = run.invoke(
        app,
        ["campaign", "change", "03", "--calling-window", "none", "--breaker", "0.3,10",
         "--retry", "busy=2,60"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert api.asked[0].method == "PATCH"
    sent = json.loads(api.asked[0].content)
    assert (sent["calling_window"], sent["breaker"]) == (None, {"share": 0.3, "of_last": 10})
    assert sent["retry"]["busy"] == {"attempts": 2, "gap_seconds": 60}
    assert set(sent) == {"calling_window", "breaker", "retry"}
    assert run.invoke(app, ["campaign", "change", "03"]).exit_code == 2


def test_a_long_file_goes_in_parts_and_bad_rows_are_told_by_its_lines(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_file, "MOST", 2)
    Path("all.csv").write_text("to_number,name\n+15550100001,A\n+1,B\n+15550100003,C\nx,D\n")
    bad = {"line": 3, "reason": "to_number: no"}
    api.will({"added": 1, "bad_rows": [bad]}, {"added": 1, "bad_rows": [bad]})
    done = run.invoke(app, ["campaign", "add", "03", "all.csv"])
    assert (done.exit_code, done.stdout) == (1, "2 added, 2 left out.\n")
    assert done.stderr.splitlines() == ["all.csv:3: to_number: no", "all.csv:5: to_number: no"]
    assert [json.loads(asked.content) for asked in api.asked] == [
        {"csv": "to_number,name\n+15550100001,A\n+1,B\n"},
        {"csv": "to_number,name\n+15550100003,C\nx,D\n"},
    ]


def test_contacts_come_from_the_input_and_as_json(api: Api) -> None:
    api.will({"added": 1, "bad_rows": []})
    row = {"to_number": "+15550100001", "variables": {"n": 1}}
    argv = ["campaign", "add", "03", "-", "--json"]
    done = run.invoke(app, argv, input=json.dumps([row]))
    assert json.loads(done.stdout) == {"added": 1, "bad_rows": []}
    assert json.loads(api.asked[0].content) == {"contacts": [row]}
    assert run.invoke(app, argv, input="").exit_code == 2
    assert run.invoke(app, ["campaign", "add", "03", "nowhere.csv"]).exit_code == 1


def test_a_preview_tells_who_how_long_and_how_much(api: Api) -> None:
    api.will(SEEN)
    done = run.invoke(app, ["campaign", "preview", "03", "--average-call-seconds", "60"])
    assert api.asked[0].url.params["average_call_seconds"] == "60"
    assert done.stdout.splitlines() == [
        "Contacts:  1000",
        "Called:    900, 100 of them later",
        "Skipped:   100, do_not_call",
        "Time:      1 h 30 min, at 1.5 calls a second and 50 seats",
        "Cost:      41.50 USD, 0.046 a call",
    ]


@pytest.mark.parametrize(
    ("word", "state"),
    [("start", "running"), ("resume", "running"), ("pause", "paused"), ("cancel", "cancelled")],
)
def test_a_campaign_is_started_paused_resumed_and_cancelled(
    api: Api, word: str, state: str
) -> None:
    api.will(at(state, 2, 1))
    done = run.invoke(app, ["campaign", word, "03"])
    assert done.stdout.splitlines()[:2] == [f"03 (spring): {state}", "2 of 4 done, 1 in calls"]
    assert (api.asked[0].method, json.loads(api.asked[0].content)) == ("PATCH", {"state": state})


def test_campaigns_are_listed_and_shown(api: Api) -> None:
    api.will({"campaigns": [DRAFT], "cursor": "03"}, at("paused", 2, paused_because="half failed"))
    listed = run.invoke(app, ["campaign", "list"])
    assert "spring" in listed.stdout
    assert "--cursor 03" in listed.stderr
    shown = run.invoke(app, ["campaign", "show", "03"]).stdout
    assert "paused by itself: half failed" in shown.splitlines()


def test_it_is_watched_to_its_end(api: Api) -> None:
    running = at("running", 1, 2)
    api.will(SEEN, running, running, at("running", 3, 1), at("completed", 4))
    done = run.invoke(app, ["campaign", "watch", "03"])
    lines = [line for line in done.stderr.splitlines() if ";" in line and " of 4; " in line]
    assert lines == [
        "running: 1 of 4; 6.0 calls/min; 2 of 50 seats; ends 10:30 UTC; 1 busy, 0 completed",
        "running: 3 of 4; 6.0 calls/min; 1 of 50 seats; ends 10:30 UTC; 2 completed, 1 busy",
        "completed: 4 of 4; 0 of 50 seats; 3 completed, 1 busy",
    ]
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "03 (spring): completed"


def test_a_campaign_that_pauses_by_itself_ends_the_watch_with_the_reason(api: Api) -> None:
    problem = httpx.Response(404, json={"code": "x"})
    api.will(problem, at("running", 1), at("paused", 2, paused_because="half failed"))
    done = run.invoke(app, ["campaign", "watch", "03"])
    assert done.exit_code == 1
    assert "paused by itself: half failed" in done.stdout


def test_as_json_each_change_is_a_line(api: Api) -> None:
    running = at("running", 1)
    api.will(running, running, at("cancelled", 1))
    done = run.invoke(app, ["campaign", "watch", "03", "--json"])
    assert [json.loads(line)["state"] for line in done.stdout.splitlines()] == [
        "running", "cancelled",
    ]  # fmt: skip
    assert done.exit_code == 1


def test_results_are_one_file(api: Api) -> None:
    csv = {"Content-Type": "text/csv; charset=utf-8"}
    pages = (
        httpx.Response(
            200, text="to_number,note\r\n+1,é\r\n", headers={**csv, "Dialout-Cursor": "c"}
        ),
        httpx.Response(200, text='+2,"a\nb"\r\n', headers=csv),
    )
    api.will(*pages, *pages, *pages)
    whole = 'to_number,note\r\n+1,é\r\n+2,"a\nb"\r\n'
    assert run.invoke(app, ["campaign", "results", "03"]).stdout_bytes.decode() == whole
    assert run.invoke(app, ["campaign", "results", "03", "-o", "r.csv"]).stdout == ""
    assert Path("r.csv").read_bytes().decode() == whole
    told = json.loads(run.invoke(app, ["campaign", "results", "03", "--json"]).stdout)
    assert told["results"][1] == {"to_number": "+2", "note": "a\nb"}
    assert [asked.url.params.get("cursor") for asked in api.asked[:2]] == [None, "c"]
