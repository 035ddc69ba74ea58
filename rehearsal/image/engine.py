"""What builds the image and runs it: Docker, or buildah where no Docker answers."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from rehearsal.image import base

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = Path("media_service/Dockerfile")
STAND_IN = f"localhost/dialout-base:{base.RELEASE}"
_INFO_SECONDS = 20


class EngineError(Exception):
    """Nothing here can build an image. The message says what to do about it."""


class Engine(ABC):
    """One way to build the image and to run it."""

    name: str

    @abstractmethod
    def build(self, tag: str) -> str:
        """Build it under that name, and say on which base.

        Raises:
            subprocess.CalledProcessError: a step failed; its output was shown.
        """

    @abstractmethod
    def configuration(self, tag: str) -> dict[str, Any]:
        """What the image says of itself, in Docker's words: ``Cmd``, ``User``, ``Healthcheck``."""

    @abstractmethod
    def container(self, tag: str) -> AbstractContextManager["Inside"]:
        """One container of the image, for as long as the ``with`` lasts."""


Inside = Callable[..., list[str]]
"""``inside(*argv, **environment)``: the command that runs ``argv`` in a container, as the image's
own user and on this machine's network.
"""


class Docker(Engine):
    """Docker's own. Its containers' file systems are read-only but for /tmp, as on Fargate."""

    name = "Docker"

    def build(self, tag: str) -> str:
        """See :class:`Engine`."""
        _run("docker", "build", "--file", str(DOCKERFILE), "--tag", tag, ".")
        return base_name()

    def configuration(self, tag: str) -> dict[str, Any]:
        """See :class:`Engine`."""
        (found,) = json.loads(_output("docker", "image", "inspect", tag))
        return dict(found["Config"])

    @contextmanager
    def container(self, tag: str) -> Iterator[Inside]:
        """See :class:`Engine`."""

        def inside(*argv: str, **environment: str) -> list[str]:
            options = ["--rm", "--init", "--read-only", "--tmpfs=/tmp", "--network=host"]
            return ["docker", "run", *options, *_given(environment), tag, *argv]

        yield inside


class Buildah(Engine):
    """buildah, without a daemon and without kernel features that a container may lack."""

    name = "buildah"

    def __init__(self, folder: Path = ROOT / ".build/containers") -> None:
        self._buildah = [
            "buildah", "--storage-driver=vfs",
            f"--root={folder / 'storage'}", f"--runroot={folder / 'run'}",
        ]  # fmt: skip

    def build(self, tag: str) -> str:
        """See :class:`Engine`."""
        on = self._base()
        _run(
            *self._buildah, "build", "--isolation=chroot", "--format=docker",
            f"--build-arg=BASE={on}", f"--file={DOCKERFILE}", f"--tag={tag}", ".",
        )  # fmt: skip
        # The image that had the name before.
        _succeeds(*self._buildah, "rmi", "--prune")
        return on

    def configuration(self, tag: str) -> dict[str, Any]:
        """See :class:`Engine`."""
        found = json.loads(_output(*self._buildah, "inspect", "--type=image", tag))
        return dict(found["Docker"]["config"])

    @contextmanager
    def container(self, tag: str) -> Iterator[Inside]:
        """See :class:`Engine`."""
        name = _output(*self._buildah, "from", "--pull-never", tag).strip()

        def inside(*argv: str, **environment: str) -> list[str]:
            options = ["--isolation=chroot", *_given(environment)]
            return [*self._buildah, "run", *options, name, "--", *argv]

        try:
            yield inside
        finally:
            _output(*self._buildah, "rm", name)

    def _base(self) -> str:
        """The Dockerfile's base, pulled; or a stand-in, made on this machine once."""
        wanted = f"docker.io/library/{base_name()}"
        if _succeeds(*self._buildah, "pull", "--quiet", wanted):
            return wanted
        if not _succeeds(*self._buildah, "inspect", "--type=image", STAND_IN):
            self._make_stand_in()
        return STAND_IN

    def _make_stand_in(self) -> None:
        empty = _output(*self._buildah, "from", "scratch").strip()
        try:
            with tempfile.TemporaryDirectory() as folder:
                archive = Path(folder) / "base.tar"
                base.archive(archive)
                _output(*self._buildah, "add", "--quiet", empty, str(archive), "/")
            _output(*self._buildah, "commit", "--quiet", empty, STAND_IN)
        finally:
            _output(*self._buildah, "rm", empty)


def engine() -> Engine:
    """Docker, if it answers; otherwise buildah.

    Raises:
        EngineError: neither is of use here.
    """
    if shutil.which("docker") and _succeeds("docker", "info", seconds=_INFO_SECONDS):
        return Docker()
    if not (shutil.which("buildah") and shutil.which("debootstrap")):
        raise EngineError(
            "no Docker answers and buildah is not installed: start Docker, "
            "or (on Debian, as root) `make debian-packages`"
        )
    if os.geteuid():
        raise EngineError("no Docker answers, and buildah is used as root only: `sudo make image`")
    return Buildah()


def _given(environment: Mapping[str, str]) -> list[str]:
    return [f"--env={name}={value}" for name, value in environment.items()]


def base_name() -> str:
    """What the Dockerfile stands on."""
    found = re.search(r"^ARG BASE=(\S+)$", (ROOT / DOCKERFILE).read_text(), re.MULTILINE)
    assert found, "the Dockerfile has no BASE"
    return found[1]


# All commands are our own, of programs that the user installed: hence S603.


def _run(*command: str) -> None:
    subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603


def _output(*command: str) -> str:
    done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603
    return done.stdout


def _succeeds(*command: str, seconds: float | None = None) -> bool:
    try:
        done = subprocess.run(command, check=False, capture_output=True, timeout=seconds)  # noqa: S603
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
