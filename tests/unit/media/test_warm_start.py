"""What the first call of a process finds ready."""

import subprocess
import sys

SECOND_CLIENT = """
import sys
from deepgram import AsyncDeepgramClient
from media_service.vendors import deepgram
deepgram.warm()
before = set(sys.modules)
AsyncDeepgramClient(api_key="x").listen.v1.connect
print(sorted(set(sys.modules) - before))
"""


def test_the_first_connection_to_deepgram_imports_nothing_more() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SECOND_CLIENT],
        check=True, capture_output=True, text=True, timeout=50,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
