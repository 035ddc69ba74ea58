"""What is imported at a start: nothing that only some requests, or some agents, need."""

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
# What Twilio waits for, while somebody has said hello: no agent, no language, no number is read.
WEBHOOKS = {
    "calls.agent", "calls.agents", "calls.campaign", "calls.contact", "calls.dial_request",
    "calls.dial_rules", "calls.dialing", "calls.language", "calls.schedule", "calls.scheduling",
    "calls.timed", "jsonschema", "phonenumbers", "yaml",
}  # fmt: skip
# Of no call that is asked for and placed.
DIALOUT = {
    "calls.campaign", "calls.contact", "calls.contact_rows", "calls.debrief", "calls.receiving",
    "calls.schedule", "calls.scheduling", "calls.timed", "jsonschema",
}  # fmt: skip


def imported(module: str) -> set[str]:
    program = f"import sys, {module}; print(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("module", NEEDED)
def test_nothing_heavy_is_imported_that_is_not_always_needed(module: str) -> None:
    assert HEAVY & imported(module) <= NEEDED[module]


@pytest.mark.parametrize(
    ("module", "others"), [("functions.twiml", WEBHOOKS), ("functions.dialout", DIALOUT)]
)
def test_who_waits_on_the_line_does_not_wait_for_what_others_need(
    module: str, others: set[str]
) -> None:
    assert not others & imported(module)


MEDIA_LATER = {
    # What a process starts with is loaded while the collector rests: the command comes first.
    "media_service.__main__": {
        *HEAVY, "numpy", "onnxruntime", "openai", "pydantic", "media_service.session",
    },
    # Vendors' modules are imported for the agents that name them, AWS's and Twilio's by who asks.
    "media_service.process.service": {
        "anthropic", "av", "boto3", "deepgram", "media_service.vendors.anthropic",
        "media_service.vendors.cartesia", "media_service.vendors.deepgram",
        "media_service.vendors.groq", "media_service.vendors.openai", "nltk",
        "pipecat.audio.filters.rnnoise_filter", "pipecat.runner", "pydantic.v1", "pyrnnoise",
        "transformers", "twilio.rest",
    },
}  # fmt: skip


@pytest.mark.parametrize("module", MEDIA_LATER)
def test_the_media_service_starts_without_what_it_may_not_need(module: str) -> None:
    assert not MEDIA_LATER[module] & imported(module)


def test_the_command_starts_without_what_only_some_commands_need() -> None:
    program = "import sys, dialout.command; print(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert not {*HEAVY, "botocore", "calls", "pydantic", "yaml"} & set(done.stdout.split())
