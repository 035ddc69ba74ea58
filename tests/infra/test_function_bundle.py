"""The zip: what is in it, that it is enough, and that it stays the same."""

import ast
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.function_bundle import AWS_SERVICES, LOCK, ROOT, FunctionBundle, interpreter
from tests.infra.test_functions import HANDLERS

HOST_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
ARCH = "arm64" if os.uname().machine in ("aarch64", "arm64") else "x86_64"

# Runs with nothing but the standard library and the unpacked zip.
_IMPORT_ALL = """
import importlib, pathlib, sys
folder = pathlib.Path(sys.argv[1])
sys.path[:] = [p for p in sys.path if "site-packages" not in p and "dist-packages" not in p]
sys.path.insert(0, str(folder))
for package in ("calls", "functions", "agents"):
    for file in sorted((folder / package).rglob("*.py")):
        name = ".".join(file.relative_to(folder).with_suffix("").parts)
        importlib.import_module(name.removesuffix(".__init__"))
import boto3
assert boto3.__file__.startswith(str(folder)), boto3.__file__
for service in sys.argv[2].split(","):
    client = boto3.client(service, region_name="us-east-1", aws_access_key_id="a",
                          aws_secret_access_key="b")
    # A first request looks at more of the description than a client does.
    client.meta.service_model.client_context_parameters
    for operation in client.meta.service_model.operation_names:
        client.meta.service_model.operation_model(operation).input_shape
    if service == "s3":
        at = {"Bucket": "bucket", "Key": "key"}
        assert "Signature" in client.generate_presigned_url("get_object", Params=at)
from twilio.rest import Client
client = Client("AC" + "0" * 32, "token")
assert client.calls and client.recordings
for name in sys.argv[3].split(","):
    assert callable(importlib.import_module("functions." + name).handler), name
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("bundle") / "functions.zip"
    FunctionBundle(ARCH, HOST_PYTHON).build(file)
    return file


# The first build ever installs the dependencies.
pytestmark = pytest.mark.timeout(300)


def test_every_function_can_be_imported_from_the_zip_alone(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(tmp_path)
    handlers = ",".join(sorted(handler.split(".")[1] for handler in HANDLERS))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _IMPORT_ALL, str(tmp_path),
         ",".join(sorted(AWS_SERVICES)), handlers],
        env={"DIALOUT_TABLE": "t", "PATH": os.environ["PATH"]},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_zip_holds_what_lambda_runs_and_no_more(archive: Path) -> None:
    with zipfile.ZipFile(archive) as zipped:
        names = zipped.namelist()
        size = sum(entry.file_size for entry in zipped.infolist())
        modes = {entry.external_attr >> 16 for entry in zipped.infolist()}
    assert len(names) == len(set(names))
    assert {"agents/amelia.yaml", "calls/settings.py", "functions/twiml.py"} <= set(names)
    assert any(name.endswith(".dist-info/METADATA") for name in names)
    unwanted = ("bin/", "infra/", "rehearsal/", "media_service/", "tests/", "botocore/data/ec2/")
    assert not [name for name in names if name.startswith(unwanted)]
    assert modes == {0o100644}
    assert size < 250e6  # Lambda's limit, unpacked.


def test_bytecode_is_in_the_zip_and_is_not_checked_against_times(archive: Path) -> None:
    with zipfile.ZipFile(archive) as zipped:
        names = zipped.namelist()
        (twiml,) = (n for n in names if n.startswith("functions/__pycache__/twiml."))
        assert any(name.startswith("boto3/__pycache__/") for name in names)
        flags = int.from_bytes(zipped.read(twiml)[4:8], "little")
    assert flags == 0b01  # PEP 552: by hash, unchecked.


def test_bytecode_is_made_by_the_runtimes_own_version_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert interpreter(HOST_PYTHON) == sys.executable
    assert interpreter("3.99") is None
    for version, code in (("3.97", 1), ("3.98", 0)):
        program = tmp_path / f"python{version}"
        program.write_text(f"#!/bin/sh\nexit {code}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert interpreter("3.97") is None  # A version manager's, with nothing behind it.
    assert interpreter("3.98") == str(tmp_path / "python3.98")


def test_equal_content_is_an_equal_zip(archive: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    FunctionBundle(ARCH, HOST_PYTHON).build(again)
    assert again.read_bytes() == archive.read_bytes()


def test_the_hash_follows_what_the_functions_run_and_nothing_else(tmp_path: Path) -> None:
    for name in ("calls", "functions", "agents"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / LOCK).parent.mkdir()
    shutil.copyfile(ROOT / LOCK, tmp_path / LOCK)
    bundle = FunctionBundle("arm64", "3.13", root=tmp_path)
    seen = [bundle.content_hash()]

    (tmp_path / "README.md").write_text("Read me.")
    cache = tmp_path / "calls/__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "call.cpython-399.pyc").write_bytes(b"")
    assert bundle.content_hash() == seen[0]

    for changed in ("calls/settings.py", "functions/twiml.py", "agents/amelia.yaml", LOCK):
        with (tmp_path / changed).open("a") as file:
            file.write("# changed\n")
        seen.append(bundle.content_hash())
    seen.append(FunctionBundle("x86_64", "3.13", root=tmp_path).content_hash())
    seen.append(FunctionBundle("arm64", "3.12", root=tmp_path).content_hash())
    assert len(set(seen)) == len(seen)


def test_the_sdk_in_the_zip_knows_every_service_that_the_code_asks_for() -> None:
    asked = {
        call.args[0].value
        for package in ("calls", "functions")
        for file in (ROOT / package).rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("client", "resource")
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }
    assert asked
    assert asked <= AWS_SERVICES
