"""The app as the CDK's command runs it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.function_bundle import ROOT, FunctionBundle

ARCH = "arm64" if os.uname().machine in ("aarch64", "arm64") else "x86_64"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def _without_network() -> list[str]:
    """The command that runs another in a network of its own, which leads nowhere."""
    command = ["unshare", "--map-root-user", "--net"]
    if not shutil.which("unshare"):
        pytest.skip("this machine has no unshare")
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody have a network of their own")
    return command


@pytest.mark.timeout(300)  # The first build ever installs the functions' dependencies.
def test_synthesis_needs_neither_credentials_nor_network(tmp_path: Path) -> None:
    command = _without_network()
    FunctionBundle(ARCH, PYTHON).build(tmp_path / "dependencies-are-there-now.zip")
    given = json.loads((ROOT / "cdk.json").read_text())["context"]
    given |= {"env": "prod", "arch": ARCH, "python": PYTHON}
    done = subprocess.run(
        [*command, sys.executable, "-m", "infra.app"],
        # Nothing of the user's: no AWS_ variable, and no home to find a profile in.
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "CDK_OUTDIR": str(tmp_path / "out"),
            "CDK_CONTEXT_JSON": json.dumps(given),
        },
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    template = json.loads((tmp_path / "out/Dialout-prod.template.json").read_text())
    assert {"ApiUrl", "WsUrl", "DashboardUrl"} < set(template["Outputs"])


def test_a_mistake_is_told_in_a_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.app"],
        env={**os.environ, "CDK_OUTDIR": str(tmp_path), "CDK_CONTEXT_JSON": '{"arch": "vax"}'},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == "dialout: -c arch=vax: it is arm64 or x86_64"
