"""``cdk.json`` and ``-c``, read and refused."""

import re

import pytest

from infra.context import Context, ContextError


def test_nothing_given_is_a_small_environment_for_trying() -> None:
    context = Context.of({})
    assert (context.env, context.arch, context.python) == ("dev", "arm64", "3.13")
    assert context.settings == {}
    assert not context.production
    assert (context.min_tasks, context.nat, context.domain, context.image) == (1, False, None, None)


def test_production_never_stands_on_one_task() -> None:
    assert Context.of({"env": "prod"}).min_tasks == 2
    assert Context.of({"env": "prod", "min_tasks": "12"}).max_tasks == 12


def test_seats_are_those_of_the_settings() -> None:
    assert Context.of({}).seats_per_task == 10
    assert Context.of({"set.DIALOUT_SEATS_PER_TASK": "15"}).seats_per_task == 15


def test_the_consoles_origins_are_those_of_the_settings() -> None:
    asked = {"set.DIALOUT_CONSOLE_ORIGINS": "https://ops.example.com,http://localhost:8080"}
    assert Context.of(asked).console_origins == ["https://ops.example.com", "http://localhost:8080"]
    assert Context.of({"set.DIALOUT_CONSOLE_ORIGINS": ""}).console_origins == []


def test_the_command_line_overrides_the_environments_settings() -> None:
    context = Context.of(
        {
            "env": "prod",
            "environments": {
                "prod": {"DIALOUT_SEATS_PER_TASK": 20, "DIALOUT_DEFAULT_AGENT": "amelia"},
                "dev": {"DIALOUT_SEATS_PER_TASK": 1},
            },
            "set.DIALOUT_SEATS_PER_TASK": "16",
        }
    )
    assert context.production
    assert context.settings == {"DIALOUT_SEATS_PER_TASK": "16", "DIALOUT_DEFAULT_AGENT": "amelia"}


def test_the_deployers_shell_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALOUT_SEATS_PER_TASK", "not a number")
    monkeypatch.setenv("DIALOUT_ENV", "Not Valid")
    assert Context.of({"set.DIALOUT_MAX_CALL_SECONDS": "60"}).settings == {
        "DIALOUT_MAX_CALL_SECONDS": "60"
    }


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"set.DIALOUT_SEAT_PER_TASK": "3"}, "DIALOUT_SEAT_PER_TASK: no such setting"),
        ({"environments": {"dev": {"seats": 3}}}, "seats: no such setting"),
        ({"environments": {"dev": 3}}, "environments.dev is an object"),
        ({"set.DIALOUT_SEATS_PER_TASK": "21"}, "carries 20 calls at most: leave it and raise"),
        ({"set.DIALOUT_SEATS_PER_TASK": "0"}, "DIALOUT_SEATS_PER_TASK='0'"),
        ({"set.DIALOUT_CONSOLE_ORIGINS": "*"}, "DIALOUT_CONSOLE_ORIGINS='*'"),
        ({"set.DIALOUT_CONSOLE_ORIGINS": "https://a.test/page"}, "DIALOUT_CONSOLE_ORIGINS="),
        ({"set.DIALOUT_TABLE": "mine"}, "the stack itself sets it"),
        ({"set.DIALOUT_ENV": "prod"}, "-c env="),
        ({"env": "Prod!"}, "DIALOUT_ENV='Prod!'"),
        ({"arch": "riscv"}, "arm64 or x86_64"),
        ({"python": "2"}, "a version such as 3.13"),
        ({"recordings_days": "never"}, "a whole number from 1 on"),
        ({"nat": "maybe"}, "-c nat=maybe: it is on or off"),
        ({"min_tasks": "3", "max_tasks": "2"}, "less than min_tasks"),
        ({"env": "prod", "min_tasks": "1"}, "in production at least 2 tasks run"),
        (
            {"env": "prod", "scheduled_minimums": [{"schedule": "cron(0)", "tasks": 1}]},
            "in production at least 2 tasks run",
        ),
        ({"domain": "media.example.com"}, "domain needs the ARN of its certificate"),
        ({"domain": "media.example.com", "certificate": "mine"}, "-c certificate=mine"),
        ({"certificate": "arn:aws:acm:a:1:certificate/a"}, "-c domain=None"),
        ({"api_domain": "https://a.b", "api_certificate": "arn:"}, "such as calls.example.com"),
        ({"scheduled_minimums": "5"}, "a list of {schedule, tasks, time_zone}"),
        ({"scheduled_minimums": "no JSON"}, "scheduled_minimums: "),
        ({"scheduled_minimums": [{"at": 8}]}, "is not {schedule, tasks, time_zone}"),
        ({"scheduled_minimums": [{"schedule": "8:00", "tasks": 2}]}, "schedule '8:00' is not"),
        ({"scheduled_minimums": [{"schedule": "cron(0)", "tasks": 0}]}, "tasks '0' is not"),
        ({"scheduled_minimums": [{"schedule": "cron(0)", "tasks": 99}]}, "more than max_tasks"),
        (
            {"scheduled_minimums": [{"schedule": "cron(0)", "tasks": 2, "time_zone": "Mars"}]},
            "time_zone 'Mars' is not known",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name(given: dict[str, object], told: str) -> None:
    with pytest.raises(ContextError, match=re.escape(told)):
        Context.of(given)
