"""The world of a rehearsal: cloud and stack, phone network, vendors, media service, one origin."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import httpx

from rehearsal.admin import Addresses
from rehearsal.cloud.deployment import ENV, Deployment, LocalCloud
from rehearsal.cloud.environment import credentials
from rehearsal.misfortune import Part
from rehearsal.plan import Plan, Vendor
from rehearsal.process import Process, ProcessError, clean, free_port
from rehearsal.scenario import FOLDER
from rehearsal.targets import Targets
from rehearsal.tasks import PRODUCTS_OWN, Service, Tasks

__all__ = ["Say", "World", "dialout", "free_port", "world"]

Say = Callable[[str], None]
"""Told what has been done, a line each."""

# Production limits these; a rehearsal is not to wait for them.
_OPENED = {
    "DIALOUT_MAX_CALLS_PER_NUMBER_PER_DAY": "0",
    "DIALOUT_CALLING_WINDOW": "00:00-24:00",
    "DIALOUT_CALLS_PER_SECOND": "20",
    "DIALOUT_SEATS_PER_TASK": "10",
}
_LISTENING = r"listening on (\S+)"


@dataclass(frozen=True)
class World:
    """What is up, and where."""

    plan: Plan
    deployment: Deployment
    twilio_url: str
    """Where the phone network's REST API is; the stand-in's has ``/_rehearsal`` too."""
    media: Tasks
    """The media service's; more may be started, and each may be struck."""
    stand_ins: Addresses
    """What is not real, the cloud with it, and takes orders of misfortunes."""


@asynccontextmanager
async def world(
    plan: Plan,
    scenario: str,
    say: Say,
    media_python: str = sys.executable,
    tasks: int = 1,
    limits: Mapping[str, str] = MappingProxyType({}),
    service: Service = PRODUCTS_OWN,
    scenarios: Path = FOLDER,
    softphone: bool = False,
) -> AsyncIterator[World]:
    """Everything that ``plan`` asks for, started side by side; all of it stopped in the end.

    Args:
        plan: what to start, and what to attach to.
        scenario: what happens in a call, unless the callee's number says otherwise.
        say: told of each step.
        media_python: the interpreter, and with it the environment, of the media service.
        tasks: so many media tasks run at first.
        limits: settings of the product in the place of those that a rehearsal opens.
        service: what the media tasks run.
        scenarios: the folder of who answers, and of what the LLM says.
        softphone: numbers that no scenario has ring at /phone. Else ``scenario`` answers them.

    Raises:
        ProcessError: something did not come up; nothing is left running.
    """
    told = ["--scenarios", str(scenarios), "--default-scenario", scenario]
    async with AsyncExitStack() as stack:
        cloud = await stack.enter_async_context(LocalCloud(plan.folder))
        say("local cloud up")
        starting = [
            asyncio.create_task(each)
            for each in (
                _stand_in(
                    stack, plan, plan.twilio, "twilio", _twilio_options(plan, told, softphone)
                ),
                _stand_in(stack, plan, plan.deepgram, "deepgram", []),
                _stand_in(stack, plan, plan.groq, "llm", told),
            )
        ]
        try:
            twilio, deepgram, groq = await asyncio.gather(*starting)
            say("phone network and vendors up")
            settings = {
                **_OPENED,
                **limits,
                "DIALOUT_PUBLIC_API_URL": plan.public_api_url,
                "DIALOUT_PUBLIC_WS_URL": plan.public_ws_url,
                "DIALOUT_DEFAULT_FROM_NUMBER": plan.from_number,
                "TWILIO_API_BASE_URL": twilio,
                "DEEPGRAM_BASE_URL": deepgram,
                # Functions ask it too: what came of a call.
                "GROQ_BASE_URL": groq if plan.groq.base_url else f"{groq}/openai/v1",
            }
            await _set_secrets(plan, credentials(cloud.endpoint))
            say("secrets set")
            deployment = await cloud.deploy(settings)
            say("stack deployed")
            media = await _media(
                stack,
                plan,
                {**settings, **deployment.environment},
                media_python,
                service,
                tasks,
            )
            await _started(
                stack, plan, "gateway", "rehearsal.gateway",
                "--host", plan.host, "--port", str(plan.port),
                "--api", deployment.api_url, "--targets", str(plan.folder / "targets"),
                *(_page_options(plan, twilio) if softphone else []),
            )  # fmt: skip
            await _warm(plan.origin)
            say("media service and functions up")
        finally:
            for task in starting:
                task.cancel()
            await asyncio.gather(*starting, return_exceptions=True)
        addresses: dict[Part, tuple[Vendor | None, str]] = {
            "twilio": (plan.twilio, twilio),
            "deepgram": (plan.deepgram, deepgram),
            "groq": (plan.groq, groq),
            "cloud": (None, deployment.endpoint),
        }
        yield World(
            plan, deployment, twilio, media,
            {p: at for p, (vendor, at) in addresses.items() if not vendor or not vendor.base_url},
        )  # fmt: skip


def _twilio_options(plan: Plan, told: list[str], softphone: bool) -> list[str]:
    return [
        *told,
        *(["--softphone"] if softphone else []),
        "--account-sid", plan.account_sid,
        "--auth-token", plan.twilio.key,
        "--recordings", str(plan.folder / "twilio"),
    ]  # fmt: skip


def _page_options(plan: Plan, twilio: str) -> list[str]:
    """Of the softphone's page. A key that is a secret is not for a page, nor for a command line."""
    return [
        "--phone-network", twilio,
        "--from-number", plan.from_number,
        *([] if plan.api_key_is_secret else ["--key", plan.api_key]),
        *([] if plan.groq.base_url else ["--scripted"]),
        # The embedded listener; of other languages it knows clips alone.
        *([] if plan.deepgram.base_url else ["--hears", "en"]),
    ]  # fmt: skip


async def _stand_in(
    stack: AsyncExitStack, plan: Plan, vendor: Vendor, name: str, options: list[str]
) -> str:
    """Where the vendor is: its own address, or that of a stand-in started now."""
    if vendor.base_url is not None:
        return vendor.base_url
    return await _started(stack, plan, name, f"rehearsal.{name}", "--port", "0", *options)


async def _started(stack: AsyncExitStack, plan: Plan, name: str, *argv: str) -> str:
    process, address = await Process.start(name, *argv, logs=plan.logs, ready=_LISTENING)
    stack.push_async_callback(process.stop)
    return address


async def _media(
    stack: AsyncExitStack, plan: Plan, environment: dict[str, str], python: str,
    service: Service, number: int,
) -> Tasks:  # fmt: skip
    tasks = Tasks(plan, Targets(plan.folder / "targets"), environment, python, service)
    stack.push_async_callback(tasks.stop)
    for _ in range(number):
        await tasks.start()
    return tasks


async def _set_secrets(plan: Plan, environment: dict[str, str]) -> None:
    """With the very commands that a user has."""
    credentials = {
        "TWILIO_ACCOUNT_SID": plan.account_sid,
        "TWILIO_AUTH_TOKEN": plan.twilio.key,
        "DEEPGRAM_API_KEY": plan.deepgram.key,
        "GROQ_API_KEY": plan.groq.key,
    }
    env = {**environment, **credentials}
    no_file = ["--env-file", os.devnull]
    await asyncio.to_thread(dialout, ["secrets", "set", "--env", ENV, *no_file], env)
    await asyncio.to_thread(
        dialout, ["keys", "add", ENV, "--stdin", "--env", ENV], env, plan.api_key
    )


def dialout(argv: list[str], environment: dict[str, str], given: str = "") -> None:
    """Run our own command as a user does.

    Raises:
        ProcessError: it failed; the message has what it printed.
    """
    command = [str(Path(sys.executable).with_name("dialout")), *argv]
    done = subprocess.run(  # noqa: S603 -- our own command
        command,
        input=given,
        env={**clean(os.environ), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ProcessError(f"`dialout {' '.join(argv)}` failed:\n{done.stdout}{done.stderr}")


async def _warm(origin: str) -> None:
    """One harmless request to each function: the first call is not to pay for cold starts."""
    requests = [("GET", "/healthz"), ("POST", "/twiml"), ("POST", "/dialout")]
    async with httpx.AsyncClient(base_url=origin, timeout=60) as client:
        answers = await asyncio.gather(*(client.request(*request) for request in requests))
    codes = [answer.status_code for answer in answers]
    if codes != [200, 403, 401]:
        raise ProcessError(f"the functions do not answer as they must: {requests} -> {codes}")
