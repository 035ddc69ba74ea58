"""What the service's libraries would tell their makers stays untold."""

import os
import subprocess
import sys
from pathlib import Path

LOAD = "from media_service.listening import models; models.load()"


def test_onnx_runtime_keeps_no_device_id_and_no_events(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    subprocess.run(
        [sys.executable, "-c", LOAD], env=environment, check=True, capture_output=True, timeout=50
    )
    assert [str(file) for file in tmp_path.rglob("*")] == []
