"""What a function imports before its first request: nothing that only some requests need."""

import subprocess
import sys

import pytest

HEAVY = {"boto3", "httpx", "requests", "twilio.rest", "fastapi", "pipecat"}
NEEDED: dict[str, set[str]] = {
    "functions.dialout": set(),
    "functions.twiml": set(),
    "functions.call_records": set(),
    "functions.schedules": set(),
    "functions.campaigns": set(),
    "functions.campaign_pump": set(),
    "functions.campaign_reports": set(),
    "functions.dialer": set(),
    "functions.events": {"httpx"},
    "functions.announcer": set(),
    "functions.debrief": set(),
    "functions.sweeper": set(),
}


@pytest.mark.parametrize("module", NEEDED)
def test_nothing_heavy_is_imported_that_is_not_always_needed(module: str) -> None:
    program = f"import sys, {module}; print(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert HEAVY & set(done.stdout.split()) <= NEEDED[module]


def test_the_command_starts_without_what_only_some_commands_need() -> None:
    program = "import sys, dialout.command; print(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert not {*HEAVY, "botocore", "calls", "pydantic", "yaml"} & set(done.stdout.split())
