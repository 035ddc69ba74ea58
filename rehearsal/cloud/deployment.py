"""A cloud on this machine, and the project's own stack in it."""

import asyncio
import json
import logging
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from botocore.exceptions import BotoCoreError

from rehearsal.cloud.client import client
from rehearsal.cloud.emulator_process import EmulatorProcess
from rehearsal.cloud.environment import ACCOUNT, REGION, child_environment, credentials, loopback
from rehearsal.cloud.function_log import function_log
from rehearsal.cloud.process import run

logger = logging.getLogger(__name__)

ENV = "rehearsal"
ROOT = Path(__file__).resolve().parents[2]

# Nothing is built, as nothing here runs containers: the media service runs as a process.
_NO_IMAGE = "image.invalid/media:none"

# The first synth ever installs the functions' dependencies.
_SYNTH_SECONDS, _COMMAND_SECONDS = 600, 120


@dataclass(frozen=True)
class Deployment:
    """The deployed stack, as a program on this machine reaches it.

    Attributes:
        api_url: of the HTTP API, path style, without a trailing slash.
        endpoint: of every AWS service.
        table: of the call records.
        bucket: of the recordings.
        event_bus: the name of the bus of call events.
        schedules: where timed calls are scheduled: settings by name.
        functions: the names of the deployed functions.
    """

    api_url: str
    endpoint: str
    env: str
    table: str
    bucket: str
    prepare_queue_url: str
    timed_queue_url: str
    campaign_queue_url: str
    event_bus: str
    schedules: Mapping[str, str]
    parameter_prefix: str
    functions: tuple[str, ...]

    @property
    def environment(self) -> dict[str, str]:
        """The variables of another process of the product, such as the media service: the
        ``DIALOUT_*`` names of the stack's resources, and the local cloud's ``AWS_*``.
        """
        return {
            "DIALOUT_ENV": self.env,
            "DIALOUT_TABLE": self.table,
            "DIALOUT_RECORDINGS_BUCKET": self.bucket,
            "DIALOUT_PREPARE_QUEUE_URL": self.prepare_queue_url,
            "DIALOUT_TIMED_QUEUE_URL": self.timed_queue_url,
            "DIALOUT_CAMPAIGN_QUEUE_URL": self.campaign_queue_url,
            **self.schedules,
            "DIALOUT_EVENT_BUS": self.event_bus,
            "DIALOUT_PARAMETER_PREFIX": self.parameter_prefix,
            **credentials(self.endpoint),
        }

    @classmethod
    def of(cls, outputs: Mapping[str, str], env: str, endpoint: str) -> Self:
        """From the stack's outputs."""
        return cls(
            # Not the ApiUrl of the outputs: its host name resolves nowhere but on AWS.
            api_url=f"{endpoint}/_aws/execute-api/{outputs['ApiId']}/$default",
            endpoint=endpoint,
            env=env,
            table=outputs["TableName"],
            bucket=outputs["RecordingsBucketName"],
            prepare_queue_url=outputs["PrepareQueueUrl"],
            timed_queue_url=outputs["TimedQueueUrl"],
            campaign_queue_url=outputs["CampaignQueueUrl"],
            event_bus=outputs["EventBusName"],
            schedules={
                "DIALOUT_TIMED_QUEUE_ARN": outputs["TimedQueueArn"],
                "DIALOUT_SCHEDULE_GROUP": outputs["ScheduleGroupName"],
                "DIALOUT_SCHEDULE_ROLE_ARN": outputs["ScheduleRoleArn"],
                "DIALOUT_SCHEDULE_DEAD_LETTERS_ARN": outputs["ScheduleDeadLettersArn"],
            },
            parameter_prefix=f"/dialout/{env}",
            functions=tuple(outputs["FunctionNames"].split(",")),
        )


class LocalCloud:
    """A cloud of our own, for as long as the ``async with`` lasts.

    ``async with LocalCloud(Path(".rehearsal")) as cloud: await cloud.deploy()``. Everything that
    it starts is ended with it, and all that it writes but its logs is deleted.

    Attributes:
        endpoint: of every AWS service; known once entered.
        phases: how long each phase took last, in seconds.
    """

    def __init__(self, folder: Path, *, root: Path = ROOT, endpoint: str | None = None) -> None:
        """A cloud that is not started yet.

        Args:
            folder: where the logs stay: ``logs/cloud.log`` (the emulator), ``logs/deploy.log``
                (the CDK) and ``logs/functions.log`` (what the functions logged).
            root: the repository whose stack is deployed.
            endpoint: of a local cloud that already runs; by default one is started.

        Raises:
            RemoteCloudError: the endpoint is not on this machine.
        """
        self.endpoint = loopback(endpoint) if endpoint else ""
        self.phases: dict[str, float] = {}
        self._root = root.resolve()
        self._logs = folder.resolve() / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix="dialout-cloud-", dir=_scratch()))
        self._emulator: EmulatorProcess | None = None
        self._bootstrap: asyncio.Task[None] | None = None
        self._assembly: Path | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The ``AWS_*`` variables of a program that is to speak to this cloud."""
        return credentials(self.endpoint)

    async def __aenter__(self) -> Self:
        self._deploy_log.write_bytes(b"")
        try:
            if not self.endpoint:
                await self._start()
        except BaseException:
            await self.stop()
            raise
        # It needs two seconds, which the synth has to spare.
        self._bootstrap = asyncio.create_task(self._bootstrapped())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def deploy(self, settings: Mapping[str, str] | None = None) -> Deployment:
        """Synthesize and deploy the stack; again, to update it.

        Args:
            settings: what ``-c set.NAME=value`` gives to the functions.

        Raises:
            CommandError: the CDK failed; the message says why.
        """
        assembly = Path(tempfile.mkdtemp(prefix="assembly-", dir=self._folder))
        chosen = {"env": ENV, "arch": _arch(), "python": _python(), "checks": "off"}
        chosen["image"] = _NO_IMAGE
        chosen |= {f"set.{name}": value for name, value in (settings or {}).items()}
        context = [part for name in chosen for part in ("-c", f"{name}={chosen[name]}")]
        with self._phase("synth"):
            await self._cdk(
                "synth", "--quiet", "--output", str(assembly), *context,
                cwd=self._root, seconds=_SYNTH_SECONDS,
            )  # fmt: skip
        if self._bootstrap:
            with self._phase("bootstrap (what is left of it)"):
                await self._bootstrap
        outputs = self._folder / "outputs.json"
        with self._phase("deploy"):
            await self._cdk(
                "deploy", "--app", str(assembly), "--outputs-file", str(outputs),
                "--require-approval", "never", "--method", "direct", "--progress", "events",
            )  # fmt: skip
        if self._assembly:
            shutil.rmtree(self._assembly)
        self._assembly = assembly
        (stack,) = json.loads(outputs.read_text()).values()
        return Deployment.of(stack, ENV, self.endpoint)

    async def warm(self, deployment: Deployment, workers: int = 1) -> None:
        """Start ``workers`` processes of each function, one function after the other.

        The requests are refused before they do anything: no key, no signature.
        """
        refused = (("POST", "/dialout"), ("POST", "/twiml"), ("GET", "/calls"))
        with self._phase("warm"):
            async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
                for method, path in refused:
                    request = (
                        client.request(method, deployment.api_url + path) for _ in range(workers)
                    )
                    await asyncio.gather(*request)

    async def destroy(self) -> None:
        """Delete the stack, as ``cdk destroy`` does.

        Raises:
            CommandError: the CDK failed.
        """
        await self._keep_function_log()
        with self._phase("destroy"):
            await self._cdk("destroy", "--app", str(self._assembly), "--force")
        self._assembly = None

    async def stop(self) -> None:
        """End everything that was started, and delete what it wrote. Safe to repeat."""
        if self._bootstrap:
            self._bootstrap.cancel()
            await asyncio.gather(self._bootstrap, return_exceptions=True)
            self._bootstrap = None
        if self._emulator:
            if self._assembly:
                await self._keep_function_log()
            await self._emulator.end()
            self._emulator = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def client(self, service: str) -> Any:
        """A boto3 client of this cloud, whatever profile or account the user has set."""
        return client(service, self.endpoint)

    @property
    def _deploy_log(self) -> Path:
        return self._logs / "deploy.log"

    async def _start(self) -> None:
        log = self._logs / "cloud.log"
        log.write_bytes(b"")
        python = self._root / ".rehearsal/cloud/bin/python"
        with self._phase("start"):
            self._emulator = await EmulatorProcess.start(python, self._folder, log)
        self.endpoint = self._emulator.endpoint

    async def _keep_function_log(self) -> None:
        try:
            text = await asyncio.to_thread(function_log, self.endpoint)
        except BotoCoreError:  # The emulator has died; its own log says why.
            return
        (self._logs / "functions.log").write_text(text)

    async def _bootstrapped(self) -> None:
        await self._cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}")

    async def _cdk(
        self, command: str, *arguments: str, cwd: Path | None = None,
        seconds: float = _COMMAND_SECONDS,
    ) -> None:  # fmt: skip
        """Run the CDK's command line. Away from ``cdk.json`` it does not synthesize."""
        await run(
            [
                *(str(self._root / "node_modules/.bin/cdk"), command, *arguments),
                *("--no-version-reporting", "--no-notices"),
            ],
            cwd=cwd or self._folder,
            env=child_environment(self.endpoint, os.environ),
            log=self._deploy_log,
            seconds=seconds,
        )

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.phases[name] = time.monotonic() - begun
        logger.info("%s: %.1f s", name, self.phases[name])
        with self._deploy_log.open("a") as log:
            log.write(f"== {name}: {self.phases[name]:.1f} s\n")


def _scratch() -> str | None:
    """Memory, where there is plenty: unpacking 5000 files there takes 0.7 s, on a disk up to 6."""
    memory = Path("/dev/shm")  # noqa: S108 -- only its folder for all, made with mkdtemp
    if not memory.is_dir() or os.statvfs(memory).f_flag & os.ST_NOEXEC:
        return None
    return str(memory) if shutil.disk_usage(memory).free > 4 << 30 else None


def _arch() -> str:
    """This machine's, as Lambda calls it: the emulator runs functions on the machine itself."""
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def _python() -> str:
    """This interpreter's version, which is the emulator's too: one `make setup` made both."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"
