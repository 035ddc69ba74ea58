"""An environment like the image's: its lock alone, trimmed as the image trims it."""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements/media.txt"
TRIM = ROOT / "media_service/trim.py"


def media_environment() -> Path:
    """Its folder, made once for each lock; seconds, if the wheels are cached."""
    of = hashlib.sha256(sys.version.encode() + LOCK.read_bytes() + TRIM.read_bytes())
    kept = ROOT / ".build/media-environment" / of.hexdigest()[:16]
    if kept.exists():
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        made = Path(folder) / "venv"
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, made], check=True)
        subprocess.run(
            [*uv, "pip", "sync", "--quiet", "--compile-bytecode", "--only-binary", ":all:",
             "--python", made, "--require-hashes", LOCK],
            check=True,
        )  # fmt: skip
        subprocess.run(
            [sys.executable, TRIM, site_packages(made)], check=True, stdout=subprocess.DEVNULL
        )
        # Whole or not at all: two runs may be at it.
        if not kept.exists():
            made.rename(kept)
    return kept


def site_packages(environment: Path) -> Path:
    """Where its packages are."""
    (folder,) = environment.glob("lib/python3*/site-packages")
    return folder


def megabytes(folder: Path) -> float:
    """What it takes on disk, as ``du`` counts it."""
    return sum(file.lstat().st_blocks * 512 for file in folder.rglob("*")) / 2**20
