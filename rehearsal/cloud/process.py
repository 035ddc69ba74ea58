"""Child processes that are ended with everything they started."""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

GRACE_SECONDS = 2.0


class CommandError(Exception):
    """A command failed; the message ends with the last lines that it wrote."""


async def run(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path, seconds: float
) -> None:
    """Run a command to its end, its output appended to ``log``.

    Raises:
        CommandError: it failed, or took longer than ``seconds``.
    """
    process = await start(command, cwd=cwd, env=env, log=log)
    try:
        async with asyncio.timeout(seconds):
            code = await process.wait()
    except TimeoutError:
        raise CommandError(_told(command, f"took more than {seconds:.0f} s", log)) from None
    finally:
        await end(process)
    if code:
        raise CommandError(_told(command, f"failed with {code}", log))


async def start(command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> Process:
    """Start a command in a process group of its own, its output appended to ``log``.

    Its standard input is a pipe that closes when this process ends, however it ends.
    """
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *command,
            cwd=cwd,
            env=dict(env),
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


async def end(process: Process) -> None:
    """End a process and what it started: asked first, killed after two seconds."""
    if process.stdin:
        process.stdin.close()
    if process.returncode is None:
        _signal(process, signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GRACE_SECONDS)
    _signal(process, signal.SIGKILL)
    await process.wait()


def _signal(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _told(command: Sequence[str], what: str, log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-25:]
    return "\n".join([f"{' '.join(command[:2])} … {what} ({log}):", *lines])
