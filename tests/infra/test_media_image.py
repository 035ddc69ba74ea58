"""What goes into the image, and that nothing else changes it."""

import shutil
from pathlib import Path

import pytest
from aws_cdk import App, AssetStaging, Stack

from infra.context import Arch
from infra.media_image import DOCKERFILE, ROOT, image_asset


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository in small."""
    root = tmp_path / "project"
    for file in (
        "README.md", "docs/architecture.md", "functions/twiml.py", "infra/app.py", ".env",
        "requirements/media.txt", "requirements/dev.txt", "calls/call.py", "agents/amelia.yaml",
        "media_service/process/app.py", "media_service/speaking/apologies/en.wav", DOCKERFILE,
        ".venv/lib/thing.py", "node_modules/thing/index.js", ".build/x.zip",
    ):  # fmt: skip
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(file)
    shutil.copyfile(ROOT / ".dockerignore", root / ".dockerignore")
    return root


def _hash(root: Path, folder: Path, arch: Arch = "arm64") -> str:
    shutil.rmtree(folder, ignore_errors=True)
    AssetStaging.clear_asset_hash_cache()  # CDK remembers a folder as it was.
    app = App(outdir=str(folder))
    return image_asset(Stack(app, "S"), arch, root).asset_hash


def test_only_what_the_image_is_made_of_changes_it(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = _hash(project, out)
    for irrelevant in ("README.md", "functions/twiml.py", "requirements/dev.txt", ".env"):
        (project / irrelevant).write_text("changed")
        assert _hash(project, out) == first, irrelevant
    (project / "calls/__pycache__").mkdir()
    (project / "calls/__pycache__/call.cpython-313.pyc").write_bytes(b"")
    assert _hash(project, out) == first
    seen = {first, _hash(project, out, "x86_64")}
    for part in ("media_service/process/app.py", "calls/call.py", "agents/amelia.yaml", DOCKERFILE):
        (project / part).write_text("changed")
        seen.add(_hash(project, out))
    (project / "requirements/media.txt").write_text("changed")
    seen.add(_hash(project, out))
    assert len(seen) == 7


def test_nothing_else_is_sent_to_the_builder(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _hash(project, out)
    (staged,) = (each for each in out.iterdir() if each.name.startswith("asset."))
    found = {each.relative_to(staged).as_posix() for each in staged.rglob("*") if each.is_file()}
    assert found == {
        ".dockerignore", "requirements/media.txt", "calls/call.py", "agents/amelia.yaml",
        "media_service/process/app.py", "media_service/speaking/apologies/en.wav", DOCKERFILE,
    }  # fmt: skip
