"""The one zip that every function runs from, built without Docker."""

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, BundlingOutput, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_

from infra.context import Arch

ROOT = Path(__file__).resolve().parents[1]
LOCK = Path("requirements/functions.txt")
SOURCES = ("calls", "functions", "agents")

# The SDK describes 400 services in 25 MB of data; the functions speak to these.
# A test holds this list against the clients that calls/ and functions/ create.
AWS_SERVICES = frozenset({"dynamodb", "events", "s3", "scheduler", "sqs", "ssm", "sts"})

# Lambda never runs these: programs, type stubs, tests, the geography of phone numbers (only their
# time zones are asked for), and Twilio's products beside the API that places calls.
_NEVER_RUN = re.compile(
    r"""(^|/)(__pycache__|tests?)/ | ^bin/ | ^\.lock$ | \.pyi$
    | ^boto3/examples/ | ^phonenumbers/(geodata|carrierdata)/ | ^twilio/rest/(?!api/)\w+/""",
    re.VERBOSE,
)
# What a client reads of its service whenever it is made, half of it prose.
_MODEL = "service-2.json.gz"
_SERVICE_DATA = re.compile(r"^(botocore|boto3)/data/(?P<service>[^/]+)/")

_PLATFORMS: dict[Arch, str] = {
    "arm64": "aarch64-manylinux2014",
    "x86_64": "x86_64-manylinux2014",
}


@dataclass(frozen=True)
class FunctionBundle:
    """The zip for one architecture and one Python.

    Dependencies are installed once per lock and kept in ``.build/``; a change of our own code
    only appends to a copy of them, which takes well under a second.
    """

    arch: Arch
    python: str
    root: Path = ROOT

    def code(self) -> lambda_.Code:
        """The asset; its hash covers the lock and the sources and nothing else."""
        return lambda_.Code.from_asset(
            str(self.root / "functions"),
            asset_hash=self.content_hash(),
            asset_hash_type=AssetHashType.CUSTOM,
            bundling=BundlingOptions(
                # Asked for by the type, never used: the local bundling below always succeeds
                # or raises.
                image=DockerImage.from_registry("docker-is-not-used"),
                local=_LocalBundling(self),
                output_type=BundlingOutput.ARCHIVED,
            ),
        )

    def build(self, archive: Path) -> None:
        """Write the zip.

        Raises:
            subprocess.CalledProcessError: the dependencies could not be installed.
        """
        shutil.copyfile(self._dependencies(), archive)
        with tempfile.TemporaryDirectory() as folder:
            staged = Path(folder)
            for file in self._source_files():
                target = staged / file.relative_to(self.root)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
            self._compile(staged)
            _append(archive, staged)

    def content_hash(self) -> str:
        """Of everything that decides what the zip holds."""
        digest = hashlib.sha256(self._dependencies_key().encode())
        for file in self._source_files():
            digest.update(f"{file.relative_to(self.root)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()

    def _dependencies_key(self) -> str:
        parts = (
            self.arch,
            self.python,
            "bytecode" if interpreter(self.python) else "",
            hashlib.sha256((self.root / LOCK).read_bytes()).hexdigest(),
            hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
        )
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _source_files(self) -> list[Path]:
        files = (file for name in SOURCES for file in (self.root / name).rglob("*"))
        return sorted(
            file
            for file in files
            if file.is_file() and not _NEVER_RUN.search(file.relative_to(self.root).as_posix())
        )

    def _dependencies(self) -> Path:
        """The zip of the dependencies alone, from ``.build/`` where it was made before."""
        kept = self.root / ".build" / f"dependencies-{self._dependencies_key()[:16]}.zip"
        if kept.exists():
            return kept
        kept.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            installed = Path(folder) / "installed"
            self._install(installed)
            _trim(installed)
            self._compile(installed)
            archive = Path(folder) / kept.name
            _append(archive, installed)
            # Whole or not at all: two builds may run at once.
            archive.replace(kept)
        return kept

    def _install(self, target: Path) -> None:
        command = [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(target)),
            *("--python", sys.executable, "--python-version", self.python),
            *("--python-platform", _PLATFORMS[self.arch], "--only-binary", ":all:"),
            *("--require-hashes", "--no-deps", "-r", str(LOCK)),
        ]
        # The arguments are our own. Standard output is synth's, which CDK parses.
        subprocess.run(command, check=True, cwd=self.root, stdout=sys.stderr)  # noqa: S603

    def _compile(self, folder: Path) -> None:
        compiler = interpreter(self.python)
        if not compiler:
            return
        command = [
            *(compiler, "-m", "compileall", "-qq", "-j", "0", "-s", str(folder)),
            # Unzipping changes a file's time; a checked pyc would be compiled again.
            *("--invalidation-mode", "unchecked-hash", str(folder)),
        ]
        # A library may carry a file for a newer Python only: what does not compile stays source.
        subprocess.run(command, check=False, stdout=sys.stderr)  # noqa: S603


@cache
def interpreter(version: str) -> str | None:
    """An interpreter of this version, such as ``"3.13"``, if the machine has one.

    Lambda cannot write bytecode beside the code, so a zip without it compiles on every cold start;
    and bytecode of another version is of no use to it.
    """
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    found = shutil.which(f"python{version}")
    # A version manager's stand-in is found too, though nothing may be behind it.
    tried = found and subprocess.run([found, "-c", ""], capture_output=True, check=False)  # noqa: S603
    return found if tried and tried.returncode == 0 else None


@jsii.implements(ILocalBundling)
class _LocalBundling:
    """CDK's hook: it asks for the content of an asset that it has not built before."""

    def __init__(self, bundle: FunctionBundle) -> None:
        self._bundle = bundle

    def try_bundle(self, output_dir: str, *_: object, **__: object) -> bool:
        self._bundle.build(Path(output_dir) / "functions.zip")
        return True


def _trim(folder: Path) -> None:
    """Delete what Lambda never needs; every package's metadata stays."""
    for file in _files(folder):
        name = file.relative_to(folder).as_posix()
        service = _SERVICE_DATA.match(name)
        if _NEVER_RUN.search(name) or (service and service["service"] not in AWS_SERVICES):
            file.unlink()
        elif service and file.name == _MODEL:
            _without_prose(file)


def _without_prose(model: Path) -> None:
    """Unpack a service's description, with empty documentation: it is read in half the time."""

    def short(thing: dict[str, Any]) -> dict[str, Any]:
        # A field that is called so is no text; and the SDK counts on some of them being there.
        return {k: "" if k == "documentation" and isinstance(v, str) else v
                for k, v in thing.items()}  # fmt: skip

    described = json.loads(gzip.decompress(model.read_bytes()), object_hook=short)
    model.with_suffix("").write_text(json.dumps(described, separators=(",", ":")), encoding="utf-8")
    model.unlink()


def _append(archive: Path, folder: Path) -> None:
    """Add the folder's files with fixed times and modes, so that equal content is equal bytes."""
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as zipped:
        for file in _files(folder):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix())
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            zipped.writestr(entry, file.read_bytes())


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
