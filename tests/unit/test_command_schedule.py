"""``dialout schedule`` and ``dialout do-not-call``: what they ask for, and what they say."""

import json

import httpx
import pytest
from typer.testing import CliRunner

from dialout.command import app
from tests.unit.fake_api import Api

run = CliRunner()
WAKE_UP = {
    "schedule_id": "02", "name": "wake-up", "state": "active", "cron": "30 7 ? * MON-FRI *",
    "time_zone": "Europe/Berlin", "start": "2026-11-25", "next_at": "2026-11-25T06:30:00Z",
    "created_at": "2026-11-22T10:00:00Z", "updated_at": "2026-11-22T10:00:00Z",
    "request": {"to_number": "+15550100001", "agent": "wake_up", "variables": {}},
    "last_call_id": "01",
}  # fmt: skip
ONCE = {**WAKE_UP, "cron": None, "at": "2026-11-25T07:30:00", "name": None, "start": None}
LISTING = {
    "number": "+15550100001", "listed_at": "2026-11-22T10:00:00Z", "source": "api",
    "reason": "asked by e-mail",
}  # fmt: skip


def test_a_schedule_is_made_with_everything_that_was_said(api: Api) -> None:
    api.will(httpx.Response(201, json=WAKE_UP))
    done = run.invoke(
        app,
        ["schedule", "add", "+15550100001", "--cron", "30 7 * * MON-FRI", "--time-zone",
         "Europe/Berlin", "--start", "2026-11-25", "--end", "2026-12-24", "--name", "wake-up",
         "--agent", "wake_up", "--from", "+15550000001", "--var", "name=Ben", "--metadata", "a=b",
         "--callee-time-zone", "Europe/Paris", "--idempotency-key", "k"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert api.asked[0].headers["Idempotency-Key"] == "k"
    assert json.loads(api.asked[0].content) == {
        "cron": "30 7 * * MON-FRI", "time_zone": "Europe/Berlin", "start": "2026-11-25",
        "end": "2026-12-24", "name": "wake-up",
        "request": {
            "to_number": "+15550100001", "agent": "wake_up", "from_number": "+15550000001",
            "variables": {"name": "Ben"}, "metadata": {"a": "b"}, "time_zone": "Europe/Paris",
        },
    }  # fmt: skip
    assert done.stdout.splitlines() == [
        "02 (wake-up): active",
        "cron 30 7 ? * MON-FRI * from 2026-11-25, Europe/Berlin",
        "phones +15550100001, wake_up",
        "next 2026-11-25 06:30 UTC",
        "last call: dialout calls show 01",
    ]


def test_what_is_changed_is_sent_and_nothing_else(api: Api) -> None:
    api.will(httpx.Response(200, json=WAKE_UP))
    done = run.invoke(
        app,
        ["schedule", "change", "02", "--cron", "0 8 * * *", "--end", "none", "--name", "early"],
    )
    assert done.exit_code == 0, done.output
    assert api.asked[0].method == "PATCH"
    assert json.loads(api.asked[0].content) == {"cron": "0 8 * * *", "end": None, "name": "early"}
    assert done.stdout.startswith("02 (wake-up): active")


def test_another_call_keeps_what_is_not_given(api: Api) -> None:
    standing = {
        "to_number": "+15550100001", "agent": "wake_up", "variables": {"name": "Ben"},
        "metadata": {"a": "b"},
    }  # fmt: skip
    api.will(
        httpx.Response(200, json={**WAKE_UP, "request": standing}),
        httpx.Response(200, json=WAKE_UP),
    )
    done = run.invoke(
        app,
        ["schedule", "change", "02", "--to", "+15550100002", "--var", "company=Acme", "--json"],
    )
    assert done.exit_code == 0, done.output
    assert json.loads(api.asked[1].content) == {
        "request": {
            "to_number": "+15550100002", "agent": "wake_up", "metadata": {"a": "b"},
            "variables": {"name": "Ben", "company": "Acme"},
        }
    }  # fmt: skip


@pytest.mark.parametrize("wrong", [[], ["--at", "2026-11-25T07:30", "--rate", "2 hours"]])
def test_a_change_that_says_nothing_or_two_things_is_refused_here(
    api: Api, wrong: list[str]
) -> None:
    assert run.invoke(app, ["schedule", "change", "02", *wrong]).exit_code == 2
    assert api.asked == []


@pytest.mark.parametrize(
    "when", [[], ["--at", "2026-11-25T07:30", "--rate", "2 hours"], ["--cron", "x", "--rate", "y"]]
)
def test_a_schedule_needs_one_time(api: Api, when: list[str]) -> None:
    done = run.invoke(app, ["schedule", "add", "+15550100001", *when])
    assert done.exit_code == 2
    assert not api.asked


@pytest.mark.parametrize(
    ("word", "method", "body"),
    [
        ("show", "GET", None),
        ("pause", "PATCH", {"state": "paused"}),
        ("resume", "PATCH", {"state": "active"}),
        ("cancel", "DELETE", None),
    ],
)
def test_a_schedule_is_shown_paused_resumed_and_cancelled(
    api: Api, word: str, method: str, body: object
) -> None:
    api.will(ONCE, ONCE)
    shown = run.invoke(app, ["schedule", word, "02"])
    as_json = run.invoke(app, ["schedule", word, "02", "--json"])
    assert "at 2026-11-25T07:30:00, Europe/Berlin" in shown.stdout.splitlines()
    assert json.loads(as_json.stdout)["schedule_id"] == "02"
    (asked, _) = api.asked
    assert (asked.method, asked.url.path) == (method, "/schedules/02")
    assert json.loads(asked.content or b"null") == body


def test_schedules_are_listed(api: Api) -> None:
    api.will({"schedules": [WAKE_UP, ONCE], "cursor": "02"}, {"schedules": []})
    listed = run.invoke(app, ["schedule", "list", "--to", "+15550100001", "--limit", "2"])
    assert dict(api.asked[0].url.params) == {"to_number": "+15550100001", "limit": "2"}
    assert "cron 30 7 ? * MON-FRI *" in listed.stdout
    assert "at 2026-11-25T07:30:00" in listed.stdout
    assert "--cursor 02" in listed.stderr
    assert run.invoke(app, ["schedule", "list"]).stdout == "No schedules.\n"


def test_a_number_is_listed_looked_up_and_taken_off(api: Api) -> None:
    api.will(LISTING, LISTING, httpx.Response(204), {"listings": [LISTING], "cursor": None})
    number = "+15550100001"
    added = run.invoke(app, ["do-not-call", "add", number, "--reason", "asked by e-mail"])
    assert added.stdout == (
        "+15550100001 is listed since 2026-11-22 10:00 UTC, by api: asked by e-mail\n"
    )
    shown = run.invoke(app, ["do-not-call", "show", number, "--json"])
    assert json.loads(shown.stdout)["reason"] == "asked by e-mail"
    removed = run.invoke(app, ["do-not-call", "remove", number, "--json"])
    assert json.loads(removed.stdout) == {"number": number, "removed": True}
    assert "asked by e-mail" in run.invoke(app, ["do-not-call", "list"]).stdout
    assert [asked.method for asked in api.asked] == ["PUT", "GET", "DELETE", "GET"]
    assert {asked.url.raw_path for asked in api.asked[:3]} == {b"/do-not-call/%2B15550100001"}
