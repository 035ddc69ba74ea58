"""What the image is made of: its build context, and a Dockerfile without a fault."""

import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "media_service/Dockerfile"


def in_context(path: str) -> bool:
    """Whether .dockerignore lets this file through: the last rule that names it, or a folder
    above it, decides.
    """
    names = [path, *map(str, PurePosixPath(path).parents)]
    kept = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        rule = line.removeprefix("!").strip()
        if rule and not rule.startswith("#") and any(_matches(name, rule) for name in names):
            kept = line.startswith("!")
    return kept


def _matches(name: str, rule: str) -> bool:
    if rule.startswith("**/"):
        return fnmatch(PurePosixPath(name).name, rule.removeprefix("**/"))
    return name.count("/") == rule.count("/") and fnmatch(name, rule)


def tracked() -> list[str]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    listed = subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


@pytest.mark.parametrize(
    "path",
    [
        "README.md", "CHANGELOG.md", "pyproject.toml", "Makefile", ".env", "env.example",
        "docs/operations.md", "tests/fakes.py", "tests/unit/media/test_idle.py",
        "infra/media.py", "functions/twiml.py", "rehearsal/world.py", "dialout/command.py",
        "requirements/dev.txt", "requirements/functions.txt", ".venv/bin/python", ".git/HEAD",
        "node_modules/aws-cdk/bin/cdk", "calls/__pycache__/call.cpython-311.pyc",
    ],
)  # fmt: skip
def test_what_the_image_does_not_need_changes_nothing_of_it(path: str) -> None:
    assert not in_context(path)


@pytest.mark.parametrize(
    "path",
    [
        "agents/amelia.yaml", "calls/call.py", "calls/adapters/dynamodb.py",
        "media_service/__main__.py", "media_service/speaking/apologies/en.ulaw",
        "media_service/Dockerfile",
        "requirements/media.txt",
    ],
)  # fmt: skip
def test_what_the_image_needs_is_there(path: str) -> None:
    assert (ROOT / path).exists()
    assert in_context(path)


def test_of_the_whole_repository_four_places_count() -> None:
    places = {path.split("/")[0] for path in tracked() if in_context(path)}
    assert places == {"agents", "calls", "media_service", "requirements"}


def test_all_that_the_dockerfile_copies_is_in_the_context() -> None:
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text(), re.MULTILINE)
    sources = [source for copy in copies for source in copy.split()]
    assert len(sources) == 5
    for source in sources:
        assert in_context(source), source


def test_the_dockerfile_passes_hadolint() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
