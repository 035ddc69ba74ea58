"""The emulator's process, from this side."""

import asyncio
import os
import socket
from asyncio.subprocess import Process
from pathlib import Path
from typing import Self

import httpx

from rehearsal.cloud.environment import emulator_environment
from rehearsal.cloud.process import end, start

_EMULATOR = Path(__file__).with_name("emulator.py")
_START_SECONDS = 60


class EmulatorError(Exception):
    """The emulator did not start."""


class EmulatorProcess:
    """A running emulator.

    Attributes:
        endpoint: of every AWS service, without a trailing slash.
    """

    def __init__(self, process: Process, endpoint: str) -> None:
        self._process = process
        self.endpoint = endpoint

    @classmethod
    async def start(cls, python: Path, folder: Path, log: Path) -> Self:
        """Start one on a free port and wait until it answers.

        Args:
            python: the interpreter of the emulator's own environment.
            folder: where it may write; whoever made it deletes it.
            log: what it prints goes there.

        Raises:
            EmulatorError: it ended, or did not answer within a minute.
        """
        port = _free_port()
        process = await start(
            [str(python), str(_EMULATOR), str(port)],
            cwd=folder,
            env=emulator_environment(os.environ, str(folder)),
            log=log,
        )
        started = cls(process, f"http://127.0.0.1:{port}")
        try:
            if not await started._answers():
                raise EmulatorError(f"the local cloud did not start: see {log}")
        except BaseException:
            await started.end()
            raise
        return started

    async def end(self) -> None:
        """End it, and every function that it runs."""
        await end(self._process)

    async def _answers(self) -> bool:
        async with httpx.AsyncClient(trust_env=False) as client:
            for _ in range(_START_SECONDS * 10):
                if self._process.returncode is not None:
                    return False
                try:
                    answer = await client.get(f"{self.endpoint}/_ministack/health")
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
                    continue
                if answer.is_success:
                    return True
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
