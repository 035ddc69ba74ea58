"""The image's dependencies: enough for every module of the service, and not too many."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.media_environment import ROOT, media_environment, megabytes, site_packages

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
from media_service import models
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
