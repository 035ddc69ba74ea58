"""One process of the rehearsed world: started with a clean environment, and stopped for sure."""

import asyncio
import contextlib
import ctypes
import os
import re
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONDONTWRITEBYTECODE")
_STOP_SECONDS = 8.0
_PR_SET_PDEATHSIG = 1


class ProcessError(Exception):
    """A process did not come up. The message has the end of its log."""


class Process:
    """A child process. Everything it prints goes to a log file."""

    def __init__(self, name: str, child: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self._child = child
        self._log = log
        self._ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._pump: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls,
        name: str,
        *argv: str,
        logs: Path,
        ready: str,
        environment: Mapping[str, str] | None = None,
        seconds: float = 60,
        python: str = sys.executable,
    ) -> tuple["Process", str]:
        """Run ``python -m <argv>`` until a line of its output matches ``ready``.

        What it prints goes to ``<logs>/<name>.log``.

        Returns:
            The process, and what the pattern's first group caught.

        Raises:
            ProcessError: it ended, or took longer than ``seconds``.
        """
        child = await asyncio.create_subprocess_exec(
            python, "-m", *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**clean(os.environ), **(environment or {})},
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )  # fmt: skip
        self = cls(name, child, logs / f"{name}.log")
        self._pump = asyncio.create_task(self._read(re.compile(ready)))
        try:
            return self, await asyncio.wait_for(asyncio.shield(self._ready), seconds)
        except (TimeoutError, ProcessError) as error:
            await self.stop()
            raise ProcessError(f"{name} did not come up; see {self._log}\n{self.tail()}") from error
        except asyncio.CancelledError:
            await self.stop()
            raise

    async def _read(self, ready: re.Pattern[str]) -> None:
        output = self._child.stdout
        if output is None:
            return
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as log:
            while line := await output.readline():
                log.write(line)
                log.flush()
                found = ready.search(line.decode(errors="replace"))
                if found and not self._ready.done():
                    self._ready.set_result(found[1] if found.groups() else found[0])
        if not self._ready.done():
            self._ready.set_exception(ProcessError(f"{self.name} ended"))

    def tail(self, lines: int = 15) -> str:
        """The last lines of its log."""
        if not self._log.exists():
            return ""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._child.returncode is None

    @property
    def pid(self) -> int:
        """Its process id, and its group's."""
        return self._child.pid

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing, if it has ended."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self._child.send_signal(number)

    async def wait(self) -> int:
        """Until it has ended by itself. Its exit code; negative: the signal that ended it."""
        return await self._child.wait()

    async def stop(self) -> None:
        """End it and all that it started: politely, and after some seconds for sure."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self._child.send_signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._child.wait(), _STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        await self._child.wait()
        if self._pump:
            await self._pump
        if self._ready.done() and not self._ready.cancelled():
            self._ready.exception()  # seen


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Only what a program needs to run: no credentials, no settings of ours or of AWS."""
    return {name: environment[name] for name in _INHERITED if name in environment}


def free_port() -> int:
    """A port of this machine that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    # If this program is killed outright, what it started goes too. Linux only, as the rehearsal is.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
