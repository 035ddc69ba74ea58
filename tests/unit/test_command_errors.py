"""Whatever goes wrong, every command says a line that tells what to do, and the right exit code."""

from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError
from moto import mock_aws
from typer.models import CommandInfo
from typer.testing import CliRunner, Result

from dialout import stack
from dialout.command import app
from tests.unit.fake_api import Api
from tests.unit.test_client import PROBLEM

run = CliRunner()
ID = "01KAHZ3S7M8C4V0W2TRYQ5N6PX"
NUMBER = "+15550100001"
ASKING = [
    ["call", NUMBER], ["call", NUMBER, "--dry-run"], ["call", NUMBER, "--no-follow", "--json"],
    ["calls"], ["calls", "list"], ["calls", "show", ID], ["calls", "cancel", ID],
    ["calls", "recording", ID], ["schedule", "add", NUMBER, "--rate", "2 hours"],
    ["schedule", "list"], ["schedule", "show", ID], ["schedule", "pause", ID],
    ["schedule", "change", ID, "--rate", "2 hours"],
    ["schedule", "resume", ID], ["schedule", "cancel", ID], ["do-not-call", "add", NUMBER],
    ["do-not-call", "show", NUMBER], ["do-not-call", "remove", NUMBER], ["do-not-call", "list"],
    ["campaign", "create", "spring"], ["campaign", "add", ID, "contacts.csv"],
    ["campaign", "change", ID, "--name", "spring"], ["campaign", "preview", ID],
    ["campaign", "start", ID], ["campaign", "resume", ID],
    ["campaign", "pause", ID], ["campaign", "cancel", ID], ["campaign", "show", ID],
    ["campaign", "list"], ["campaign", "watch", ID], ["campaign", "watch", ID, "--json"],
    ["campaign", "results", ID], ["fleet"],
]  # fmt: skip
"""All that ask the API."""
OF_AWS = [
    ["keys", "list"], ["keys", "add", "crm"], ["keys", "revoke", "crm"], ["secrets", "list"],
    ["secrets", "set"], ["numbers", "list"], ["numbers", "connect", NUMBER],
]  # fmt: skip
"""All that ask AWS, whatever the API does."""
ELSEWHERE = {"doctor", "rehearse", "serve", "console", "agents", "eval"}
"""They explain themselves: other tests are theirs."""


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    body = {"status": status, "code": code, "detail": f"the {code} of it"}
    return httpx.Response(status, json=body, headers={**PROBLEM, **headers})


FAILURES: dict[str, tuple[httpx.Response | Exception, int, str]] = {
    "nobody answers": (httpx.ConnectError("refused"), 3, "`dialout doctor` says why"),
    "too late": (httpx.ReadTimeout("late"), 3, "api.test does not answer"),
    "no TLS": (httpx.ConnectError("[SSL] wrong"), 3, "does not answer"),
    "401": (problem(401, "unauthorized"), 1, "`dialout keys add NAME`"),
    "403": (problem(403, "quiet_hours"), 1, "the quiet_hours of it"),
    "404": (problem(404, "not_found"), 1, "the not_found of it"),
    "400": (problem(400, "invalid_request"), 1, "the invalid_request of it"),
    "409": (problem(409, "already_ended"), 1, "the already_ended of it"),
    "429": (problem(429, "pace_exceeded", **{"Retry-After": "2"}), 3, "go in 2 s. With --wait"),
    "503": (problem(503, "unavailable"), 3, "`dialout doctor` looks"),
    "a page": (httpx.Response(500, text="<html>oops</html>"), 3, "is the URL its?"),
    "another's 404": (httpx.Response(404, text="<html>"), 1, "is the URL its?"),
    "another's 200": (httpx.Response(200, text="<html>"), 1, "is the URL its?"),
    "a redirect": (httpx.Response(301, headers={"Location": "/login"}), 1, "is the URL its?"),
}


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "contacts.csv").write_text(f"to_number\n{NUMBER}\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION",
                 "AWS_DEFAULT_REGION", "DIALOUT_PUBLIC_API_URL", "DIALOUT_ENV"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")


def told(done: Result, code: int, words: str) -> None:
    assert done.exit_code == code, (done.output, done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "Traceback" not in done.output
    assert words in done.stderr
    # What reads the JSON reads none.
    assert not done.stdout


def the_tree() -> Iterator[tuple[str, ...]]:
    for command in app.registered_commands:
        yield (_name(command),)
    for group in app.registered_groups:
        assert group.typer_instance is not None
        for command in group.typer_instance.registered_commands:
            yield (str(group.name), _name(command))


def _name(command: CommandInfo) -> str:
    return str(command.name or getattr(command.callback, "__name__", ""))


def test_no_command_is_forgotten() -> None:
    here = {tuple(each[:2]) if len(each) > 1 else (each[0],) for each in [*ASKING, *OF_AWS]}
    here |= {("call",), ("calls", "hang-up")}
    forgotten = [each for each in the_tree() if each not in here and each[0] not in ELSEWHERE]
    assert not forgotten


@pytest.mark.parametrize("argv", ASKING, ids=" ".join)
@pytest.mark.parametrize("failure", ["nobody answers", "401", "404", "400", "a page"])
def test_what_the_api_does_wrong_is_said(api: Api, argv: list[str], failure: str) -> None:
    answer, code, words = FAILURES[failure]
    api.will(answer, answer, answer)
    told(run.invoke(app, argv), code, words)


@pytest.mark.parametrize("failure", FAILURES)
def test_whatever_the_api_does_wrong_is_said(api: Api, failure: str) -> None:
    answer, code, words = FAILURES[failure]
    api.will(answer, answer, answer)
    told(run.invoke(app, ["calls", "show", ID]), code, words)


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        *((argv, NoCredentialsError()) for argv in [*ASKING, *OF_AWS]),
        (["calls"], NoRegionError()),
        (["calls"], ValueError("Invalid endpoint: https://ssm..amazonaws.com")),
        (["calls"], ClientError({"Error": {"Code": "AccessDenied"}}, "GetParameters")),
    ],
    ids=repr,
)
def test_when_aws_cannot_be_used(
    api: Api, monkeypatch: pytest.MonkeyPatch, argv: list[str], error: Exception
) -> None:
    monkeypatch.delenv("DIALOUT_API_URL")

    def refuses(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(boto3, "client", refuses)
    told(run.invoke(app, argv), 3, "aws sts get-caller-identity")
    assert not api.asked


@pytest.mark.parametrize("region", ["", "us-east-1", None])
@pytest.mark.parametrize("argv", [["calls"], ["keys", "list"]], ids=" ".join)
def test_boto3_itself_without_credentials(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], region: str | None
) -> None:
    if region is not None:
        monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    monkeypatch.setenv("DIALOUT_API_KEY", "the-key")
    told(run.invoke(app, argv), 3, "aws sts get-caller-identity")


@pytest.mark.parametrize("argv", ASKING, ids=" ".join)
def test_without_a_stack(api: Api, monkeypatch: pytest.MonkeyPatch, argv: list[str]) -> None:
    monkeypatch.delenv("DIALOUT_API_URL")

    def missing(env: str, _: object) -> None:
        raise stack.StackMissingError(env)

    monkeypatch.setattr(stack, "read", missing)
    told(run.invoke(app, argv), 3, "say where the API is: --url")
    assert not api.asked


def test_cloudformation_itself_without_a_stack(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIALOUT_API_URL")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        told(run.invoke(app, ["calls", "list", "--env", "prod"]), 3, "no stack Dialout-prod")


@pytest.mark.parametrize("argv", [*ASKING, *OF_AWS], ids=" ".join)
def test_an_environment_that_cannot_be(
    api: Api, monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    monkeypatch.delenv("DIALOUT_API_URL")
    monkeypatch.setenv("DIALOUT_ENV", "My Env")
    told(run.invoke(app, argv), 2, "DIALOUT_ENV: small letters, digits and -")


@pytest.mark.parametrize("argv", ASKING, ids=" ".join)
def test_an_address_or_a_key_that_cannot_be(
    api: Api, monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    monkeypatch.setenv("DIALOUT_API_URL", "api.test")
    told(run.invoke(app, argv), 2, "'api.test' is no address")
    monkeypatch.setenv("DIALOUT_API_URL", "https://api.test")
    monkeypatch.setenv("DIALOUT_API_KEY", "schlüssel")
    told(run.invoke(app, argv), 2, "no API key")
    assert not api.asked


def test_a_file_that_cannot_be_written(api: Api) -> None:
    moved = httpx.Response(303, headers={"Location": "https://s3.test/x"})
    api.will(moved, httpx.Response(200, content=b"RIFF"))
    told(run.invoke(app, ["calls", "recording", ID, "-o", "no/such/x.wav"]), 1, "no/such/x.wav")


def test_a_name_that_no_key_can_have() -> None:
    told(run.invoke(app, ["keys", "add", "My key"]), 3, "AWS")


def test_the_help_of_every_command_has_an_example() -> None:
    for path in the_tree():
        done = run.invoke(app, [*path, "--help"])
        assert done.exit_code == 0
        assert "Example" in done.stdout, path


def test_every_command_speaks_json() -> None:
    for path in the_tree():
        assert "--json" in run.invoke(app, [*path, "--help"]).stdout, path
