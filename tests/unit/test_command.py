"""``dialout secrets`` and ``dialout keys``, on a Parameter Store of moto's."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from calls import agents
from calls.agent import Agent
from calls.keys import owner, parse
from dialout.command import app
from dialout.secrets import GENERATED, GIVEN

run = CliRunner()
VALUES = {name: f"value-of-{name}" for name in GIVEN.values()}


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name in [*GIVEN.values(), "DIALOUT_ENV", "DIALOUT_PARAMETER_PREFIX"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield


def stored() -> dict[str, tuple[str, str]]:
    found = boto3.client("ssm").get_parameters_by_path(
        Path="/dialout", Recursive=True, WithDecryption=True
    )
    return {p["Name"]: (p["Type"], p["Value"]) for p in found["Parameters"]}


def test_secrets_come_from_the_environment_and_are_never_shown() -> None:
    done = run.invoke(app, ["secrets", "set", "--env", "prod"], env=VALUES)

    assert done.exit_code == 0, done.output
    assert set(stored()) == {f"/dialout/prod/{name}" for name in [*GIVEN, *GENERATED]}
    assert {kind for kind, _ in stored().values()} == {"SecureString"}
    assert stored()["/dialout/prod/groq/api-key"][1] == "value-of-GROQ_API_KEY"
    assert "value-of" not in done.output
    assert run.invoke(app, ["secrets", "list", "--env", "prod"]).output.count("set    ") == 6


def test_secrets_come_from_a_file_and_what_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TWILIO_ACCOUNT_SID=AC1\nGROQ_API_KEY=g\nDEEPGRAM_API_KEY=\n")
    done = run.invoke(app, ["secrets", "set"])

    assert done.exit_code == 1
    assert "Still missing: TWILIO_AUTH_TOKEN, DEEPGRAM_API_KEY" in done.output
    assert stored()["/dialout/dev/twilio/account-sid"][1] == "AC1"


def test_made_secrets_stay_unless_they_are_asked_for() -> None:
    run.invoke(app, ["secrets", "set"], env=VALUES)
    before = stored()
    again = run.invoke(app, ["secrets", "set"])
    assert again.exit_code == 0
    assert stored() == before
    run.invoke(app, ["secrets", "set", "stream-secret"])
    assert stored()["/dialout/dev/stream-secret"] != before["/dialout/dev/stream-secret"]


def test_a_secret_that_there_is_not_is_said() -> None:
    done = run.invoke(app, ["secrets", "set", "twilio/tokn"])
    assert done.exit_code == 2
    assert "there is no secret twilio/tokn" in done.output
    assert stored() == {}


def test_keys_are_made_listed_and_revoked() -> None:
    made = run.invoke(app, ["keys", "add", "crm"])
    key = made.stdout.strip()
    run.invoke(app, ["keys", "add", "survey", "--stdin"], input="chosen\n")
    kept = stored()["/dialout/dev/api-keys"][1]

    assert owner(key, parse(kept)) == "crm"
    assert owner("chosen", parse(kept)) == "survey"
    assert key not in kept
    assert "crm" in run.invoke(app, ["keys", "list"]).output
    assert run.invoke(app, ["keys", "add", "crm"]).exit_code == 2
    assert run.invoke(app, ["keys", "revoke", "crm"]).exit_code == 0
    assert owner(key, parse(stored()["/dialout/dev/api-keys"][1])) is None
    assert run.invoke(app, ["keys", "revoke", "crm"]).exit_code == 2


def test_the_key_of_a_vendor_is_wanted_once_an_agent_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named = Agent.model_validate(
        {"name": "a", "prompt": "p", "llm": {"fallback": [{"vendor": "openai"}]}}
    )
    monkeypatch.setattr(agents, "load", lambda _: named)
    done = run.invoke(app, ["secrets", "set"], env=VALUES)
    assert (done.exit_code, "OPENAI_API_KEY" in done.output) == (0, True)
    listed = run.invoke(app, ["secrets", "list"]).output
    assert "missing  /dialout/dev/openai/api-key" in listed
    assert "anthropic" not in listed
    run.invoke(app, ["secrets", "set"], env={**VALUES, "OPENAI_API_KEY": "sk"})
    assert stored()["/dialout/dev/openai/api-key"][1] == "sk"
