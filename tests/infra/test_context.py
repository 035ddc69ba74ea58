"""``cdk.json`` and ``-c``, read and refused."""

import pytest

from infra.context import Context, ContextError


def test_nothing_given_is_a_small_environment_for_trying() -> None:
    context = Context.of({})
    assert (context.env, context.arch, context.python) == ("dev", "arm64", "3.13")
    assert context.settings == {}
    assert not context.production


def test_the_command_line_overrides_the_environments_settings() -> None:
    context = Context.of(
        {
            "env": "prod",
            "environments": {
                "prod": {"DIALOUT_SEATS_PER_TASK": 20, "DIALOUT_DEFAULT_AGENT": "amelia"},
                "dev": {"DIALOUT_SEATS_PER_TASK": 1},
            },
            "set.DIALOUT_SEATS_PER_TASK": "30",
        }
    )
    assert context.production
    assert context.settings == {"DIALOUT_SEATS_PER_TASK": "30", "DIALOUT_DEFAULT_AGENT": "amelia"}


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
        ({"set.DIALOUT_SEATS_PER_TASK": "0"}, "DIALOUT_SEATS_PER_TASK='0'"),
        ({"set.DIALOUT_TABLE": "mine"}, "the stack itself sets it"),
        ({"set.DIALOUT_ENV": "prod"}, "-c env="),
        ({"env": "Prod!"}, "DIALOUT_ENV='Prod!'"),
        ({"arch": "riscv"}, "arm64 or x86_64"),
        ({"python": "2"}, "a version such as 3.13"),
        ({"recordings_days": "never"}, "a number of days"),
    ],
)
def test_what_cannot_be_is_refused_by_name(given: dict[str, object], told: str) -> None:
    with pytest.raises(ContextError, match=told.replace("(", "\\(")):
        Context.of(given)
