"""A stand-in for the Dockerfile's base, where no registry answers: Debian with its own Python."""

import shutil
import subprocess
import tempfile
from pathlib import Path

RELEASE = "trixie"
"""Whose Python is 3.13. The base that it stands in for is built on the same release."""
_PACKAGES = "ca-certificates,python-is-python3,python3-pip,python3-venv"
_AUTHORITIES = Path("usr/local/share/ca-certificates")


def debootstrap(folder: Path) -> None:
    """Install it into ``folder``, which debootstrap makes. Takes a minute, and root.

    Raises:
        subprocess.CalledProcessError: it is not installed, or no Debian mirror answers.
    """
    options = ["--variant=minbase", f"--include={_PACKAGES}"]
    _run("debootstrap", *options, RELEASE, str(folder))
    # A machine behind a proxy trusts authorities of its own; so must what is installed in there.
    for authority in (Path("/") / _AUTHORITIES).glob("*.crt"):
        shutil.copy(authority, folder / _AUTHORITIES)
    _run("chroot", str(folder), "update-ca-certificates")


def archive(target: Path) -> None:
    """The same as a tar file, owners and modes kept."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        root = Path(folder) / "root"
        debootstrap(root)
        _run("tar", "--create", "--file", str(target), "--directory", str(root), ".")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 -- our own commands
