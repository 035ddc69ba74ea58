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

SECOND_CALL = """
import asyncio, sys
from calls import agents
from media_service.process.warm_up import warm_up
from tests.unit.media.test_warm_up import world

async def main():
    made = world()
    made.vendors.warm([agents.load("amelia")])
    await warm_up(made)
    before = set(sys.modules)
    await warm_up(made)
    print(sorted(set(sys.modules) - before))

asyncio.run(main())
"""


def test_the_first_connection_to_deepgram_imports_nothing_more() -> None:
    assert said(SECOND_CLIENT) == "[]"


def test_a_call_imports_nothing_after_the_one_without_anybody() -> None:
    assert said(SECOND_CALL) == "[]"


def said(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True, capture_output=True, text=True, timeout=50,
    )  # fmt: skip
    return done.stdout.strip()
