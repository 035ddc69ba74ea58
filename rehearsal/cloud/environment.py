"""What the cloud's child processes may see: no real account, and no endpoint but this machine."""

import ipaddress
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

REGION = "us-east-1"
ACCOUNT = "000000000000"

# What would reach a real account, or steer the deployed code past the settings it was given.
_SCRUBBED_PREFIXES = (
    "AWS_", "CDK_", "DEEPGRAM_", "DIALOUT_", "GROQ_", "POWERTOOLS_", "PYTHON", "TWILIO_",
)  # fmt: skip
_SCRUBBED = frozenset({"FROM_NUMBER", "LOCAL_SERVER_URL", "TO_NUMBER"})


class RemoteCloudError(Exception):
    """The cloud's endpoint is not on this machine: a rehearsal never touches a real account."""


def loopback(endpoint: str) -> str:
    """The endpoint, if it is on this machine.

    Raises:
        RemoteCloudError: it is anywhere else, or cannot be read.
    """
    url = urlsplit(endpoint)
    if url.scheme != "http" or not _is_loopback(url.hostname or ""):
        raise RemoteCloudError(f"{endpoint!r} is not a loopback endpoint")
    return endpoint


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def credentials(endpoint: str) -> dict[str, str]:
    """The ``AWS_*`` variables of a process that speaks to the local cloud, and to no other.

    Raises:
        RemoteCloudError: the endpoint is not on this machine.
    """
    return {
        "AWS_ENDPOINT_URL": loopback(endpoint),
        # The emulator takes the key for the account; one key an emulator.
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "rehearsal",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # A real profile would win over nothing, but must not even be read.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def child_environment(endpoint: str, inherited: Mapping[str, str]) -> dict[str, str]:
    """``inherited`` without anything of a cloud, a vendor or the product, plus ``credentials``.

    Raises:
        RemoteCloudError: the endpoint is not on this machine.
    """
    kept = {
        name: value
        for name, value in inherited.items()
        if not name.startswith(_SCRUBBED_PREFIXES) and name not in _SCRUBBED
    }
    # A proxy must not be asked for this machine; npm, uv and the CLI read either spelling.
    for name in ("NO_PROXY", "no_proxy"):
        others = (each for each in kept.get(name, "").split(",") if each)
        kept[name] = ",".join(["127.0.0.1", "localhost", *others])
    return {
        **kept,
        **credentials(endpoint),
        # No questions, no telemetry, no notices about Node's age.
        "CI": "true",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        # Two seconds of a synth; the template is checked by the tests, and by whoever deploys it.
        "CDK_VALIDATION": "false",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSIONS": "1",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }


def emulator_environment(inherited: Mapping[str, str], folder: str) -> dict[str, str]:
    """Next to nothing: the emulator hands its environment on to every function.

    Args:
        inherited: this process's environment.
        folder: where the emulator may write; it is deleted with it.
    """
    kept = {name: inherited[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in inherited}
    return {**kept, "HOME": folder, "TMPDIR": folder}
