"""What is ordered of whom, and whether a misfortune showed what it is to show."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rehearsal import admin
from rehearsal.misfortune import MISFORTUNES, Ordered, Sight, UnknownFaultError
from rehearsal.plan import PlanError, plan

DIALOUT = str(Path(sys.executable).with_name("dialout"))
SAID = Sight(201, end_reason="agent_hung_up", goal_reached=True)


def test_an_unknown_one_is_told_of_the_others() -> None:
    with pytest.raises(UnknownFaultError, match=r"'rain'; there are: twilio-429, .*llm-slow"):
        Ordered(("rain",))


def test_twilio_is_told_one_thing_a_request_and_the_others_all_at_once() -> None:
    names = ("twilio-429", "stt-down", "tts-down", "twilio-duplicate-webhooks")
    orders = Ordered(names).orders
    assert [order["name"] for order in orders["twilio"]] == ["create_429", "webhook_duplicate"]
    assert orders["deepgram"] == [{"listen": {"refuse": 503}, "speak": {"refuse": 503}}]
    assert set(orders) == {"twilio", "deepgram"}
    # What is declared is not changed by it.
    assert MISFORTUNES["stt-down"].orders == {"deepgram": [{"listen": {"refuse": 503}}]}


def test_a_task_that_is_struck_is_nobodys_order() -> None:
    struck = Ordered(("media-killed", "stream-cut"))
    assert struck.blows == ["kill"]
    assert set(struck.orders) == {"twilio"}
    assert Ordered(("media-drained",)).orders == {}


@pytest.mark.parametrize(
    ("name", "seen", "logged", "words"),
    [
        ("stream-cut", Sight(201, end_reason="callee_hung_up"), ["Stream failed"], []),
        ("stream-cut", Sight(201, end_reason="lost"), [], ["nobody hung up", "nobody logged"]),
        ("twilio-duplicate-webhooks", SAID, [], []),
        ("twilio-duplicate-webhooks", Sight(201, end_reason="lost"), [], ["ended by lost"]),
        (
            "dynamodb-down",
            Sight(503, "unavailable", "5"),
            ["A service of AWS does not answer"],
            [],
        ),
        (
            "dynamodb-down",
            Sight(500, "internal_error"),
            [],
            ["answered 500 internal_error, not 503 unavailable", "no Retry-After", "nobody logged"],
        ),
        ("dynamodb-down", SAID, ["A service of AWS does not answer"], ["answered 201, not 503",
         "no Retry-After", "ended by agent_hung_up, not None"]),
    ],
)  # fmt: skip
def test_what_was_not_seen_is_said(
    name: str, seen: Sight, logged: list[str], words: list[str]
) -> None:
    missing = Ordered((name,)).missing(seen, logged)[name]
    assert len(missing) == len(words)
    for said, word in zip(missing, words, strict=True):
        assert word in said


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("twilio-429", {"TWILIO_API_BASE_URL": "http://127.0.0.1:1"}),
        ("stt-down", {"DEEPGRAM_BASE_URL": "ws://127.0.0.1:1"}),
        ("llm-down", {"GROQ_API_KEY": "real"}),
    ],
)
def test_a_real_vendor_takes_no_orders(name: str, environment: dict[str, Any]) -> None:
    admin.check(Ordered((name,)).orders, plan({}, 7860))
    with pytest.raises(PlanError, match="needs its stand-in"):
        admin.check(Ordered((name,)).orders, plan(environment, 7860))


def test_the_cloud_is_never_real() -> None:
    real = {"DEEPGRAM_API_KEY": "real", "GROQ_API_KEY": "real"}
    admin.check(Ordered(("ssm-down",)).orders, plan(real, 7860))


def rehearse(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DIALOUT, "rehearse", *arguments], env={**os.environ, **environment},
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip


def test_they_are_listed_one_a_line_with_what_they_show() -> None:
    lines = rehearse("--list-faults").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(MISFORTUNES)
    assert all(len(line.split()) > 5 for line in lines)


def test_one_that_cannot_be_is_said_in_a_line_and_nothing_is_started() -> None:
    unknown = rehearse("--fault", "rain")
    assert (unknown.returncode, "no fault 'rain'" in unknown.stderr) == (2, True)
    real = rehearse("--fault", "llm-down", GROQ_API_KEY="real")
    assert (real.returncode, "needs its stand-in" in real.stderr) == (2, True)
