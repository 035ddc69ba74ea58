"""The console's page, as the gateway and ``dialout console`` serve it."""

import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import httpx
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from rehearsal.console import FILES
from rehearsal.gateway import Gateway
from rehearsal.process import free_port
from rehearsal.targets import Targets


@pytest_asyncio.fixture
async def browser(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    server = TestServer(Gateway("http://127.0.0.1:9", Targets(tmp_path / "targets")).app())
    await server.start_server()
    async with aiohttp.ClientSession(base_url=server.make_url("/")) as session:
        yield session
    await server.close()


async def test_the_console_is_there_with_all_its_files(browser: aiohttp.ClientSession) -> None:
    for path in ("/console", "/console/", *(f"/console/{file.name}" for file in FILES.iterdir())):
        answer = await browser.get(path)
        assert answer.status == 200, path
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert "unsafe" not in policy
    assert (await browser.get("/pages/theme.css")).status == 200


async def test_no_script_of_it_makes_markup_of_a_string() -> None:
    for file in FILES.glob("*.js"):
        text = file.read_text()
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in text, file.name


@pytest.mark.parametrize(
    "headers",
    [{"Host": "attacker.example"}, {"X-Forwarded-For": "203.0.113.7"}],
    ids=["another name", "through a tunnel"],
)
async def test_it_is_for_this_machine_alone(
    browser: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    assert (await browser.get("/console", headers=headers)).status == 403


def test_the_command_serves_it_until_it_is_interrupted() -> None:
    port = free_port()
    command = [str(Path(sys.executable).with_name("dialout")), "console", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline().startswith(f"http://localhost:{port}/console ")
            assert "Dialout console" in httpx.get(f"http://127.0.0.1:{port}/console").text
            again = subprocess.run(command, capture_output=True, text=True, check=False)
            assert again.returncode == 2
            assert len(again.stderr.splitlines()) == 1
        finally:
            running.send_signal(signal.SIGINT)
    assert running.returncode == 0
