"""What the image leaves out of its dependencies."""

import ast
from pathlib import Path

import pytest

from media_service.trim import AWS_SERVICES, never_run, trim

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    "name",
    [
        "numpy/_core/tests/test_dtype.py", "certifi/tests/__init__.py", "yarl/_url.pyi",
        "phonenumbers/geodata/data0.py", "twilio/rest/chat/v2/service/__init__.py",
        "botocore/data/ec2/2016-11-15/service-2.json.gz", "onnxruntime/tools/convert.py",
    ],
)  # fmt: skip
def test_what_is_never_run_goes(name: str) -> None:
    assert never_run(name)


@pytest.mark.parametrize(
    "name",
    [
        "numpy/testing/__init__.py", "pytest_like/contests.py", "phonenumbers/data/region_US.py",
        "phonenumbers/tzdata/data0.py", "twilio/rest/__init__.py", "twilio/rest/api/v2010/call.py",
        "botocore/data/dynamodb/2012-08-10/service-2.json.gz", "botocore/data/endpoints.json",
        "onnxruntime/capi/_pybind_state.py", "pipecat/audio/vad/data/silero_vad.onnx",
    ],
)  # fmt: skip
def test_what_may_be_run_stays(name: str) -> None:
    assert not never_run(name)


def test_folders_that_are_empty_then_go_too(tmp_path: Path) -> None:
    for name in ("numpy/lib/tests/test_io.py", "numpy/lib/format.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("pass\n")
    assert trim(tmp_path) == 5
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["format.py", "lib", "numpy"]


def test_the_sdk_keeps_every_service_that_the_code_asks_for() -> None:
    asked = {
        call.args[0].value
        for package in ("calls", "media_service")
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
