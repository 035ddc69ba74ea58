"""Debian's Firefox, by WebDriver BiDi: as much of it as opens a page and clicks in it."""

import asyncio
import itertools
import json
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import websockets

_PREFERENCES = {
    "media.navigator.streams.fake": True,  # its microphone hums
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False,
    "app.normandy.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.startup.page": 0,
}


def installed(*names: str) -> str:
    """Where the first of these programs is that is installed.

    Raises:
        FileNotFoundError: none is.
    """
    for name in names:
        if (path := shutil.which(name)) is not None:
            return path
    raise FileNotFoundError(f"there is no {names[0]} here: `make browser` installs it, as root")


class Page:
    """One page."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._context = ""

    async def begin(self) -> None:
        """A session, and the page that is open."""
        await self._ask("session.new", {"capabilities": {}})
        tree = await self._ask("browsingContext.getTree", {})
        self._context = tree["contexts"][0]["context"]

    async def open(self, url: str) -> None:
        """Go there, and wait until it is loaded."""
        await self._ask(
            "browsingContext.navigate", {"context": self._context, "url": url, "wait": "complete"}
        )

    async def evaluate(self, script: str) -> Any:
        """What the script comes to: a text, a number or a truth."""
        asked = {"expression": script, "target": {"context": self._context}}
        answer = await self._ask("script.evaluate", {**asked, "awaitPromise": True})
        assert answer["type"] == "success", answer
        return answer["result"].get("value")

    async def until(self, script: str, seconds: float = 20) -> None:
        """Wait until the script comes to the truth."""
        async with asyncio.timeout(seconds):
            while await self.evaluate(script) is not True:
                await asyncio.sleep(0.1)

    async def click(self, selector: str) -> None:
        """Click into the middle of that element, as a person does."""
        middle = await self.evaluate(
            f"(at => `${{Math.round(at.x + at.width / 2)}} ${{Math.round(at.y + at.height / 2)}}`)"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        x, y = map(int, str(middle).split())
        does = [
            {"type": "pointerMove", "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "actions": does}
        await self._ask("input.performActions", {"context": self._context, "actions": [mouse]})

    async def screenshot(self) -> str:
        """A PNG, in base64."""
        answer = await self._ask("browsingContext.captureScreenshot", {"context": self._context})
        return str(answer["data"])

    async def _ask(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters}
        await self._socket.send(json.dumps(command))
        while True:
            answer = json.loads(await self._socket.recv())
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                result: dict[str, Any] = answer["result"]
                return result


@asynccontextmanager
async def firefox(folder: Path) -> AsyncIterator[Page]:
    """A browser of its own, with one page; ended in the end. Its microphone hums.

    Args:
        folder: An empty one.
    """
    lines = (f"user_pref({json.dumps(n)}, {json.dumps(v)});" for n, v in _PREFERENCES.items())
    (folder / "user.js").write_text("\n".join(lines))
    browser = [
        installed("firefox-esr", "firefox"), "--headless", "--no-remote", "--profile", str(folder),
        "--remote-debugging-port", "0", "about:blank",
    ]  # fmt: skip
    home = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    async with sound_card(folder / "sound", home) as server:
        environment = {**home, "PULSE_SERVER": f"unix:{server}"}
        async with (
            running(browser, environment, r"WebDriver BiDi listening on (\S+)") as address,
            websockets.connect(f"{address}/session", max_size=None) as socket,
        ):
            page = Page(socket)
            await page.begin()
            yield page


@asynccontextmanager
async def sound_card(socket: Path, environment: Mapping[str, str]) -> AsyncIterator[Path]:
    """One that nobody hears: without any, Firefox's audio never starts. Yields its socket."""
    server = [
        installed("pulseaudio"), "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
        "--log-level=info", "--load=module-null-sink",
        f"--load=module-native-protocol-unix auth-anonymous=1 socket={socket}",
    ]  # fmt: skip
    async with running(server, environment, r"(Daemon startup complete)"):
        yield socket


@asynccontextmanager
async def running(
    command: list[str], environment: Mapping[str, str], ready: str
) -> AsyncIterator[str]:
    """A process, once a line of its complaints matches; yields what the pattern's group caught."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
        start_new_session=True,
    )
    reading: asyncio.Task[None] | None = None
    try:
        async with asyncio.timeout(60):
            caught = await _matched(process, re.compile(ready))
        reading = asyncio.create_task(_drain(process))
        yield caught
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        if reading is not None:
            await reading


async def _matched(process: asyncio.subprocess.Process, ready: re.Pattern[str]) -> str:
    assert process.stderr is not None
    lines = []
    while line := (await process.stderr.readline()).decode(errors="replace"):
        lines.append(line)
        if found := ready.search(line):
            return found[1]
    raise RuntimeError(f"it ended before it was ready: {lines[-10:]}")


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    while await process.stderr.read(4096):
        pass
