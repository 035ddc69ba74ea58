"""``dialout doctor`` as a person runs it, on a world that is well and then has one fault at a time.

Beside it the other commands that a deployment is used with, as the same person runs them.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from rehearsal.cloud.client import client as aws_client
from rehearsal.deepgram.server import Options
from rehearsal.plan import API_KEY, plan
from rehearsal.process import clean
from rehearsal.world import World, free_port, world
from tests.rehearsal.deepgram.fakes import FakeRecognizer, FakeVoice
from tests.rehearsal.deepgram.serving import serving as deepgram
from tests.rehearsal.llm.serving import serving as groq

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
DIALOUT = str(Path(sys.executable).with_name("dialout"))
CLOSED = "127.0.0.1:9"
"""Where nobody listens."""


@dataclass(frozen=True)
class Person:
    """Somebody at a terminal, with the environment that the README has them set."""

    up: World
    environment: dict[str, str]

    async def run(self, *argv: str, **environment: str) -> tuple[int, str, str]:
        """A command's exit code and what it printed; with some variables set otherwise."""
        child = await asyncio.create_subprocess_exec(
            DIALOUT, *argv,
            env={**clean(os.environ), **self.environment, **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await child.communicate()
        return child.returncode or 0, out.decode(), err.decode()

    async def failures(self, *argv: str, **environment: str) -> dict[str, dict[str, Any]]:
        """The checks that are not ok. The exit code must be in accord with them."""
        code, out, _ = await self.run("doctor", "--json", *argv, **environment)
        checks = json.loads(out)["checks"]
        assert code == int(any(check["verdict"] == "fail" for check in checks))
        return {check["name"]: check for check in checks if check["verdict"] != "ok"}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def person() -> AsyncIterator[Person]:
    options = Options(keys=frozenset({"rehearsal"}))
    async with (
        deepgram(FakeRecognizer(), FakeVoice(), options) as ears_and_voice,
        groq() as llm,
    ):
        vendors = {"DEEPGRAM_BASE_URL": ears_and_voice.ws, "GROQ_BASE_URL": llm}
        async with world(plan(vendors, free_port()), "order-check", lambda _: None) as up:
            endpoints = {**vendors, "TWILIO_API_BASE_URL": up.twilio_url}
            deployed = up.deployment.environment
            yield Person(up, {**deployed, **endpoints, "DIALOUT_API_KEY": API_KEY})


async def order(base: str, **fault: object) -> None:
    async with httpx.AsyncClient() as http:
        assert (await http.put(f"{base}/_rehearsal/faults", json=fault)).status_code == 200


def other_secrets(up: World, **changed: str | None) -> str:
    """The prefix of a copy of the secrets with some changed, or (None) missing."""
    ssm = aws_client("ssm", up.deployment.endpoint)
    prefix = f"/other/{'-'.join(changed)}"
    kept = ssm.get_parameters_by_path(
        Path=up.deployment.parameter_prefix, Recursive=True, WithDecryption=True
    )["Parameters"]
    values = {p["Name"].removeprefix(up.deployment.parameter_prefix): p["Value"] for p in kept}
    values |= {f"/{name.replace('_', '/', 1)}": value for name, value in changed.items()}
    for name, value in values.items():
        if value is not None:
            ssm.put_parameter(Name=prefix + name, Value=value, Type="SecureString", Overwrite=True)
    return prefix


async def test_a_world_that_is_well(person: Person) -> None:
    assert await person.failures() == {}
    code, out, err = await person.run("doctor")
    assert (code, err) == (0, "")
    assert out.endswith("19 ok\n")
    for private in ("rehearsal-auth-token", "+15550000001"):
        assert private not in out


async def test_the_public_addresses_may_be_set(person: Person) -> None:
    up = person.up
    assert not await person.failures(
        DIALOUT_PUBLIC_API_URL=up.plan.public_api_url, DIALOUT_PUBLIC_WS_URL=up.plan.public_ws_url
    )


async def test_one_check_alone(person: Person) -> None:
    code, out, _ = await person.run("doctor", "--only", "geo", "--json")
    names = [check["name"] for check in json.loads(out)["checks"]]
    assert (code, names) == (0, ["aws", "secrets", "stack", "twilio", "geo"])
    code, _, err = await person.run("doctor", "--only", "weather")
    assert code == 2
    assert "there is no check 'weather'" in err


@pytest.mark.parametrize(
    ("secret", "value", "check", "skipped", "remedy"),
    [
        ("groq_api-key", None, "secrets", {"groq", "models"}, "secrets set groq/api-key"),
        ("twilio_auth-token", "wrong", "twilio",
         {"account", "from-number", "geo", "webhook", "websocket"}, "twilio/auth-token"),
        ("deepgram_api-key", "wrong", "deepgram", {"speech"}, "secrets set deepgram/api-key"),
        ("groq_api-key", "wrong", "groq", {"models"}, "secrets set groq/api-key"),
        ("api-keys", "[]", "secrets", set(), "dialout keys add NAME --env rehearsal"),
    ],
)  # fmt: skip
async def test_a_secret_that_is_wrong_or_missing(
    person: Person, secret: str, value: str | None, check: str, skipped: set[str], remedy: str
) -> None:
    prefix = other_secrets(person.up, **{secret: value})
    found = await person.failures(DIALOUT_PARAMETER_PREFIX=prefix)
    assert found.pop(check)["verdict"] == "fail"
    assert {name for name, each in found.items() if each["verdict"] == "skipped"} == skipped
    assert set(found) == skipped
    said = await person.run("doctor", DIALOUT_PARAMETER_PREFIX=prefix)
    assert remedy in said[1]


@pytest.mark.parametrize(
    ("environment", "check", "finding"),
    [
        ({"DIALOUT_DEFAULT_FROM_NUMBER": "+15550000009"}, "from-number", "********0009 is not a"),
        ({"DIALOUT_PUBLIC_API_URL": f"http://{CLOSED}"}, "api", f"reached at {CLOSED}"),
        ({"DIALOUT_PUBLIC_WS_URL": f"ws://{CLOSED}/ws"}, "websocket", f"reached at {CLOSED}"),
        ({"AWS_ENDPOINT_URL": f"http://{CLOSED}"}, "aws", "AWS cannot be reached"),
        ({"GROQ_BASE_URL": f"http://{CLOSED}"}, "groq", "Groq cannot be reached"),
        ({"TWILIO_API_BASE_URL": f"http://{CLOSED}"}, "twilio", "Twilio cannot be reached"),
    ],
)
async def test_what_is_not_there(
    person: Person, environment: dict[str, str], check: str, finding: str
) -> None:
    found = await person.failures(**environment)
    failed = {name: each for name, each in found.items() if each["verdict"] == "fail"}
    assert set(failed) == {check}
    assert finding in failed[check]["finding"]
    assert failed[check]["remedy"]


async def test_a_stack_that_is_not_deployed(person: Person) -> None:
    prefix = person.environment["DIALOUT_PARAMETER_PREFIX"]
    found = await person.failures("--env", "nobody", DIALOUT_PARAMETER_PREFIX=prefix)
    assert found["stack"]["finding"].startswith("there is no stack Dialout-nobody")
    assert found["stack"]["remedy"].startswith("npx cdk deploy -c env=nobody")
    assert found["api"]["verdict"] == found["webhook"]["verdict"] == "skipped"


async def test_another_address_than_twilio_signs_over(person: Person) -> None:
    other = person.up.plan.origin.replace("127.0.0.1", "localhost")
    found = await person.failures(
        DIALOUT_PUBLIC_API_URL=other,
        DIALOUT_PUBLIC_WS_URL=other.replace("http", "ws", 1) + "/ws",
    )
    assert set(found) == {"webhook", "websocket"}
    assert f"expects Twilio at {person.up.plan.origin}" in found["webhook"]["finding"]
    assert "refuses what is signed over this address" in found["websocket"]["finding"]


@pytest.mark.parametrize(
    ("fault", "check", "verdict", "finding"),
    [
        ("account_trial", "account", "warn", "phones only numbers that it has verified"),
        ("number_without_voice", "from-number", "fail", "it has no voice"),
        ("country_closed", "geo", "fail", "does not let this account phone US"),
    ],
)
async def test_what_twilio_does_not_allow(
    person: Person, fault: str, check: str, verdict: str, finding: str
) -> None:
    await order(person.up.twilio_url, name=fault)
    found = await person.failures()
    assert set(found) == {check}
    assert found[check]["verdict"] == verdict
    assert finding in found[check]["finding"]


async def test_a_model_that_was_retired(person: Person) -> None:
    base = person.environment["GROQ_BASE_URL"].removesuffix("/openai/v1")
    await order(base, retired=["openai/gpt-oss-120b"])
    found = await person.failures()
    await order(base)
    assert set(found) == {"models"}
    assert "agent amelia wants openai/gpt-oss-120b" in found["models"]["finding"]


async def test_a_number_is_connected(person: Person) -> None:
    inbound = f"{person.up.plan.origin}/inbound"
    code, out, _ = await person.run("numbers", "connect", "+15550000001")
    assert (code, out) == (0, f"+15550000001 → {inbound}\n")
    _, out, _ = await person.run("numbers", "list")
    assert out.split() == ["+15550000001", "voice", inbound]
    code, _, err = await person.run("numbers", "connect", "+15550000009")
    # A mistake on the command line.
    assert (code, "there are: +15550000001" in err) == (2, True)
    prefix = other_secrets(person.up, **{"twilio_auth-token": "wrong"})
    code, _, err = await person.run("numbers", "list", DIALOUT_PARAMETER_PREFIX=prefix)
    assert (code, "does not know these credentials" in err) == (1, True)


async def test_a_call_is_placed_watched_listed_and_ended(person: Person) -> None:
    code, out, _ = await person.run("call", "+15550100004", "--no-watch")
    call_id = out.strip()
    assert code == 0
    # Nobody picks up there: it rings until it is ended.
    assert (await person.run("calls", "hang-up", call_id))[:2] == (
        0, f"Call {call_id} is being ended.\n",
    )  # fmt: skip
    code, out, _ = await person.run("call", "+15550100003", "--json")
    record = json.loads(out)
    assert (code, record["status"]) == (0, "ended")
    assert record["call_id"] in (await person.run("calls"))[1]
    assert "Ended" in (await person.run("calls", "show", record["call_id"]))[1]
    code, _, err = await person.run("calls", "recording", record["call_id"])
    assert (code, "recording_not_found" in err) == (1, True)
    code, _, err = await person.run("calls", DIALOUT_API_KEY="wrong")
    assert (code, "dialout keys add NAME" in err) == (1, True)
