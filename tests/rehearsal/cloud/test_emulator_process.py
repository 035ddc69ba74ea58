"""Where the emulator listens, and that it is never left behind."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from rehearsal.cloud.deployment import ROOT

_STARTER = """
import asyncio, pathlib, sys
from rehearsal.cloud.emulator_process import EmulatorProcess

async def main():
    folder = pathlib.Path(sys.argv[2])
    started = await EmulatorProcess.start(pathlib.Path(sys.argv[1]), folder, folder / "log")
    print(started.endpoint, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has started an emulator, and told its endpoint."""
    python = ROOT / ".rehearsal/cloud/bin/python"
    started = subprocess.Popen(
        [sys.executable, "-c", _STARTER, str(python), str(tmp_path)],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    with started:
        yield started
        started.kill()


def test_it_listens_on_this_machine_only_and_ends_with_whoever_started_it(
    parent: subprocess.Popen[str],
) -> None:
    assert parent.stdout
    endpoint = parent.stdout.readline().strip()
    assert httpx.get(f"{endpoint}/_ministack/health").is_success
    port = int(endpoint.rsplit(":", 1)[1])
    assert _listening(port) == [f"0100007F:{port:04X}"]

    parent.kill()
    deadline = time.monotonic() + 10
    while _listening(port):
        assert time.monotonic() < deadline, "the emulator outlived its parent"
        time.sleep(0.05)


def _listening(port: int) -> list[str]:
    """The addresses that this port is listened on at, as the kernel writes them."""
    return [
        fields[1]
        for file in ("/proc/net/tcp", "/proc/net/tcp6")
        for fields in map(str.split, Path(file).read_text().splitlines()[1:])
        if fields[3] == "0A" and fields[1].endswith(f":{port:04X}")
    ]
