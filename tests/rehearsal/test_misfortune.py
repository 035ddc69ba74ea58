"""What is ordered of whom, and whether a misfortune showed what it is to show."""

from typing import Any

import pytest

from rehearsal import admin
from rehearsal.misfortune import MISFORTUNES, Ordered, Sight, UnknownFaultError
from rehearsal.plan import PlanError, plan

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


@pytest.mark.parametrize(
    ("name", "seen", "logged", "words"),
    [
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
