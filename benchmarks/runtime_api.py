"""Lambda's Runtime API on loopback, and a function that its real runtime client runs against it.

Source: AWS Lambda's developer guide, "Using the Lambda runtime API".
"""

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from aiohttp import web

CLIENT = ("awslambdaric", "snapshot_restore_py", "simplejson")
"""The runtime client and what it needs, which Lambda's own image has beside the function."""
ANSWER_SECONDS = 60.0


class FunctionError(Exception):
    """The function did not answer, or answered with an error. The message is what it said."""


@dataclass(frozen=True)
class Answer:
    """Of one invocation."""

    seconds: float
    """From the process's start, or from the event's, to the answer."""
    body: dict[str, Any]


@dataclass(frozen=True)
class Processor:
    """What a process had of the processor until now, in seconds."""

    had: float
    waited: float
    """While it could have gone on, and others were on every core."""

    @classmethod
    def of(cls, pid: int) -> Self:
        """Of the process's threads, and ended ones are none; zeros where there is no ``/proc``."""
        threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
        spent = [each.read_text(encoding="ascii").split() for each in threads]
        return cls(*(sum(int(words[n]) for words in spent) / 1e9 for n in (0, 1)))


class Invocations:
    """The Runtime API of one execution environment: one event after the other."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._answer: asyncio.Future[dict[str, Any]] | None = None
        self._number = 0

    def application(self) -> web.Application:
        """The API, as the client asks for it."""
        app = web.Application(client_max_size=8 * 2**20)
        base = "/2018-06-01/runtime"
        app.router.add_get(f"{base}/invocation/next", self._next)
        app.router.add_post(f"{base}/invocation/{{id}}/response", self._response)
        app.router.add_post(f"{base}/invocation/{{id}}/error", self._error)
        app.router.add_post(f"{base}/init/error", self._error)
        return app

    async def invoke(self, event: dict[str, Any], since: float | None = None) -> Answer:
        """The function's answer to an event.

        Args:
            event: the event.
            since: of ``time.monotonic()``; None: now.

        Raises:
            FunctionError: it has none.
        """
        since = time.monotonic() if since is None else since
        self._answer = asyncio.get_running_loop().create_future()
        self._events.put_nowait(event)
        try:
            body = await asyncio.wait_for(self._answer, ANSWER_SECONDS)
        except TimeoutError:
            raise FunctionError("no answer") from None
        return Answer(time.monotonic() - since, body)

    def close(self) -> None:
        """There are no more events."""
        self._events.put_nowait(None)

    async def _next(self, _: web.Request) -> web.Response:
        event = await self._events.get()
        if event is None:
            raise web.HTTPGone
        self._number += 1
        return web.Response(
            body=json.dumps(event).encode(),
            headers={
                # With a charset behind it the client would not read it as JSON.
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": f"request-{self._number}",
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + 30) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": (
                    "arn:aws:lambda:us-east-1:000000000000:function:dialout-bench"
                ),
                "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000",
            },
        )

    async def _response(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self._answer and not self._answer.done():
            self._answer.set_result(body)
        return web.json_response({"status": "OK"}, status=202)

    async def _error(self, request: web.Request) -> web.Response:
        if self._answer and not self._answer.done():
            self._answer.set_exception(FunctionError(await request.text()))
        return web.json_response({"status": "OK"}, status=202)


def client_alone(folder: Path) -> Path:
    """A folder with the runtime client and nothing else of this environment."""
    place = folder / "runtime"
    place.mkdir()
    for name in CLIENT:
        found = find_spec(name)
        assert found is not None
        assert found.origin is not None
        package = Path(found.origin).parent
        shutil.copytree(package, place / name)
        for library in package.parent.glob("runtime_client*.so"):
            shutil.copy(library, place)
    return place


@dataclass(frozen=True)
class Function:
    """A function's process and its Runtime API."""

    invocations: Invocations
    began: float
    """When the process was started, of ``time.monotonic()``."""
    pid: int


@asynccontextmanager
async def function(
    handler: str, path: list[Path], environment: Mapping[str, str]
) -> AsyncIterator[Function]:
    """A cold function.

    Args:
        handler: such as ``functions.twiml.handler``.
        path: where its code and the runtime client are.
        environment: of the process, and nothing else.
    """
    invocations = Invocations()
    runner = web.AppRunner(invocations.application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    base = getattr(sys, "_base_executable", sys.executable)
    began = time.monotonic()
    child = await asyncio.create_subprocess_exec(
        # Without this machine's own site-packages: they are neither the zip's nor the runtime's,
        # and may have hooks that take their time.
        base, "-S", "-m", "awslambdaric", handler,
        env={
            "PATH": os.environ["PATH"], "LANG": "en_US.UTF-8", "TZ": ":UTC",
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            "AWS_LAMBDA_RUNTIME_API": f"{host}:{port}",
            "AWS_LAMBDA_FUNCTION_NAME": "dialout-bench",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
            "LAMBDA_TASK_ROOT": str(path[0]),
            **environment,
        },
        cwd=path[0],
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield Function(invocations, began, child.pid)
    finally:
        child.kill()
        await child.wait()
        invocations.close()
        await runner.cleanup()


def http_event(
    route: str, *, query: str = "", body: str = "", headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """An HTTP API's event (payload 2.0) for ``route``, such as ``POST /twiml``."""
    method, path = route.split()
    return {
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": query,
        "headers": {"host": "api.test", **(headers or {})},
        "queryStringParameters": dict(pair.split("=", 1) for pair in query.split("&") if pair),
        "requestContext": {
            "accountId": "000000000000", "apiId": "bench", "domainName": "api.test",
            "domainPrefix": "api", "requestId": "bench", "routeKey": route, "stage": "$default",
            "time": "01/Dec/2026:12:00:00 +0000", "timeEpoch": 1796126400000,
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1", "userAgent": "bench",
            },
        },
        "body": body, "isBase64Encoded": False,
    }  # fmt: skip
