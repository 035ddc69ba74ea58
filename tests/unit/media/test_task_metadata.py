"""ECS's word that a task is to stop."""

import asyncio
import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from media_service.process import task_metadata
from media_service.process.task_metadata import TaskMetadata


def told(status: str) -> bytes:
    return json.dumps({"TaskARN": "arn:aws:ecs:x", "DesiredStatus": status}).encode()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_metadata, "POLL_SECONDS", 0)


async def test_it_is_asked_until_the_task_is_to_stop(caplog: pytest.LogCaptureFixture) -> None:
    answers: list[Any] = [
        told("RUNNING"), OSError("refused"), TimeoutError(), b"<html>", b"[]", b"{}",
        told("RUNNING"), told("STOPPED"),
    ]  # fmt: skip
    asked: list[str] = []

    def read(url: str) -> bytes:
        asked.append(url)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return bytes(answer)

    with caplog.at_level(logging.WARNING):
        async with asyncio.timeout(5):
            await TaskMetadata("http://169.254.170.2/v4/abc", read).stopping()
    assert answers == []
    assert set(asked) == {"http://169.254.170.2/v4/abc/task"}
    # Once, and not every second.
    assert [record.getMessage() for record in caplog.records] == [
        "the task's metadata cannot be read"
    ]


async def test_over_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endpoint(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = told("STOPPED") if self.path == "/v4/abc/task" else b"{}"
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        async with asyncio.timeout(5):
            await TaskMetadata(f"http://127.0.0.1:{server.server_port}/v4/abc").stopping()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
