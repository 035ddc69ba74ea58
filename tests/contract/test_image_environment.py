"""The image's dependencies: enough for every module of the service, and not too many."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from media_service.trim import trim
from tests.media_environment import LOCK, ROOT, media_environment, megabytes, site_packages

AARCH64 = 183
"""The machine's number in an ELF header."""

# Runs with nothing but the environment and copies of what the image holds of ours. Deprecations
# are watched over by the other tests; here a warning would be of something that is missing.
IMPORT_ALL = """
import importlib, pathlib, sys, warnings
warnings.simplefilter("error")
warnings.simplefilter("default", DeprecationWarning)
app = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(app))
for package in ("calls", "media_service"):
    for file in sorted((app / package).rglob("*.py")):
        name = ".".join(file.relative_to(app).with_suffix("").parts)
        importlib.import_module(name.removesuffix(".__init__"))
from calls import agents
agents.load("amelia")
from media_service.listening import models
models.load()
outside = [path for path in sys.path if "site-packages" in path and sys.prefix not in path]
assert not outside, outside
"""

# The first time ever, the wheels are fetched.
pytestmark = pytest.mark.timeout(300)


def test_every_module_is_imported_and_the_models_load(tmp_path: Path) -> None:
    for package in ("agents", "calls", "media_service"):
        shutil.copytree(ROOT / package, tmp_path / package)
    done = subprocess.run(
        [media_environment() / "bin/python", "-I", "-c", IMPORT_ALL, tmp_path],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    complaints = [line for line in done.stderr.splitlines() if "| WARN" in line or "| ERR" in line]
    assert complaints == []


def test_it_stays_small() -> None:
    assert megabytes(site_packages(media_environment())) <= 350


@pytest.mark.acceptance
def test_there_is_a_wheel_of_everything_for_arm64(tmp_path: Path) -> None:
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", tmp_path]
    done = subprocess.run(
        [*uv, "--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.13",
         "--only-binary", ":all:", "--no-deps", "--require-hashes", "-r", LOCK],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    libraries = [file for file in tmp_path.rglob("*.so*") if file.is_file()]
    assert len(libraries) > 50
    assert [file for file in libraries if machine(file) != AARCH64] == []
    trim(tmp_path)
    assert megabytes(tmp_path) <= 350


def machine(library: Path) -> int:
    """What an ELF file is for."""
    with library.open("rb") as file:
        return int.from_bytes(file.read(20)[18:20], "little")
