"""What of the console needs no browser, by Node's own test runner."""

import shutil
import subprocess
from pathlib import Path


def test_the_consoles_words() -> None:
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, "--test", str(Path(__file__).with_name("console.test.mjs"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fail 0" in done.stdout
