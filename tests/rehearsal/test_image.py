"""The image itself, built here and run: as its own user, answering, and in a whole call."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from http.server import HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from rehearsal.image.engine import Engine, EngineError, Inside, engine
from rehearsal.world import free_port
from tests.integration.media.test_process import ParameterStore
from tests.media_environment import ROOT, media_environment
from tests.rehearsal.test_whole_call import left_running, rehearse

TAG = "dialout-media"
USER = 10001
# A first build makes a base of Debian's packages, where no registry answers.
pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

SETTINGS = {
    "DIALOUT_ENV": "test", "DIALOUT_TABLE": "calls",
    "DIALOUT_PUBLIC_WS_URL": "wss://media.dialout.test/ws",
    "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
}  # fmt: skip

LOOK_AROUND = """
import importlib, json, os, pathlib, sys
for file in sorted(pathlib.Path("media_service").glob("*.py")):
    importlib.import_module(f"media_service.{file.stem}")
from media_service.listening import models
models.load()
loaded = [m for m in sys.modules.values() if (getattr(m, "__file__", "") or "").endswith(".py")]
own = [m for m in loaded if m.__file__.startswith(("/app/", "/venv/"))]
print(json.dumps({
    "user": [os.getuid(), os.getgid()],
    "writable": [p for p in ("/", "/app", "/app/calls", "/venv", "/etc") if os.access(p, os.W_OK)],
    "modules": len(own),
    "without_bytecode": [m.__file__ for m in own if not os.path.exists(m.__cached__)],
    "megabytes": sum(
        os.lstat(os.path.join(folder, name)).st_blocks * 512
        for folder, _, names in os.walk("/venv") for name in names
    ) / 2**20,
}))
"""

# Stands in for the Python that the rehearsal would run the media service with.
PYTHON_IN_CONTAINER = """#!/bin/bash
mapfile -t given < <(env | grep -E '^(AWS|DEEPGRAM|DIALOUT|GROQ|TWILIO)_' | sed 's/^/--env=/')
echo "$@" > {ran}
exec {before} "${{given[@]}}" {after} "$@"
"""


@pytest.fixture(scope="module")
def builder() -> Engine:
    try:
        return engine()
    except EngineError as error:
        if os.geteuid() or not shutil.which("apt-get"):
            pytest.skip(str(error))
    made = subprocess.run(["make", "debian-packages"], cwd=ROOT, check=False, capture_output=True)
    if made.returncode:
        pytest.skip("no Docker answers, and buildah cannot be installed here")
    return engine()


@pytest.fixture(scope="module")
def image(builder: Engine) -> str:
    subprocess.run(["make", "image"], cwd=ROOT, check=True, capture_output=True)
    return TAG


@pytest.fixture(scope="module")
def inside(builder: Engine, image: str) -> Iterator[Inside]:
    with builder.container(image) as inside:
        yield inside


@pytest.fixture
def aws() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), ParameterStore)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_it_is_what_fargate_is_told_of_it(builder: Engine, image: str) -> None:
    says = builder.configuration(image)
    assert says["User"] == f"{USER}:{USER}"
    assert says["StopSignal"] == "SIGTERM"
    assert list(says["ExposedPorts"]) == ["8080/tcp"]
    assert says["Cmd"][-2:] == ["--port", "8080"]


def test_its_user_runs_all_of_it_and_can_write_none_of_it(inside: Inside) -> None:
    done = subprocess.run(
        inside("python", "-c", LOOK_AROUND), check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    assert found["user"] == [USER, USER]
    assert found["writable"] == []
    assert found["modules"] > 500
    assert found["without_bytecode"] == []
    assert found["megabytes"] <= 350


def test_it_answers_healthz_and_stops_when_told_to(
    builder: Engine, image: str, inside: Inside, aws: str
) -> None:
    says, port = builder.configuration(image), str(free_port())
    healthy = inside(*(part.replace("8080", port) for part in says["Healthcheck"]["Test"][1:]))
    command = [part.replace("8080", port) for part in says["Cmd"]]
    with subprocess.Popen(
        inside(*command, **SETTINGS, AWS_ENDPOINT_URL=aws),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            started = json.loads(process.stdout.readline())
            assert started["message"] == "the media service listens"
            assert httpx.get(f"http://127.0.0.1:{port}/healthz").json() == {"status": "ok"}
            assert subprocess.run(healthy, check=False).returncode == 0
            began = time.monotonic()
            os.kill(service_at(port), signal.SIGTERM)
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert time.monotonic() - began < 5
    assert [json.loads(line)["message"] for line in out.splitlines()] == [
        "the media service drains"
    ], err
    assert subprocess.run(healthy, check=False, capture_output=True).returncode != 0
    wrote = subprocess.run(inside("find", "/tmp", "-type", "f"), check=True, capture_output=True)
    assert wrote.stdout == b""


def service_at(port: str) -> int:
    """The container's process, as this machine sees it: neither engine has a pid namespace that
    hides it, and only Docker passes signals on.
    """
    (found,) = (
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if process.stat().st_uid == USER
        and (words := (process / "cmdline").read_text().split("\0"))[0].endswith("python")
        and port in words
    )
    return found


def test_a_whole_call_is_served_from_the_image(inside: Inside, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    before, _, after = shlex.join(inside("python", HERE="1")).partition("--env=HERE=1")
    program = tmp_path / "python"
    program.write_text(PYTHON_IN_CONTAINER.format(ran=ran, before=before, after=after))
    a_call(program, ran, tmp_path)


def test_a_whole_call_is_served_from_the_images_packages(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    python = media_environment() / "bin/python"
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\necho "$@" > {ran}\nexec {python} "$@"\n')
    a_call(program, ran, tmp_path)


def a_call(program: Path, ran: Path, tmp: Path) -> None:
    program.chmod(0o755)
    code, result, shown = rehearse(tmp, "--media-python", str(program))
    assert ran.read_text().startswith("-m media_service"), "another Python ran it"
    assert code == 0, shown
    assert result["goal_reached"] is True
    assert result["call"]["end_reason"] == "agent_hung_up"
    assert left_running(tmp) == []
