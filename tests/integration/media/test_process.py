"""The command itself: it starts, says where it listens, and stops."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest

SECRETS = {
    "twilio/account-sid": "AC1", "twilio/auth-token": "secret-of-twilio",
    "stream-secret": "secret-of-streams", "deepgram/api-key": "secret-of-deepgram",
    "groq/api-key": "secret-of-groq",
}  # fmt: skip


class ParameterStore(BaseHTTPRequestHandler):
    """As much of SSM as one request needs."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        parameters = [
            {"Name": f"/dialout/test/{name}", "Value": value, "Type": "SecureString"}
            for name, value in SECRETS.items()
        ]
        body = json.dumps({"Parameters": parameters}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def aws() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), ParameterStore)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_it_starts_serves_and_stops(aws: str) -> None:
    environment = {
        "PATH": os.environ["PATH"], "DIALOUT_ENV": "test", "DIALOUT_TABLE": "calls",
        "DIALOUT_PUBLIC_WS_URL": "wss://media.dialout.test/ws", "AWS_ENDPOINT_URL": aws,
        "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "media_service", "--port", "0"], env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    lines = [process.stdout.readline()]
    started = json.loads(lines[0])
    assert started["message"] == "the media service listens"
    answer = httpx.get(f"http://127.0.0.1:{started['port']}/healthz")
    assert answer.status_code == 200
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=10)
    assert time.monotonic() - began < 3
    assert all(json.loads(line) for line in out.splitlines())
    assert "secret-of" not in out + err
