"""Nothing of a real account reaches a child process, and nothing but this machine is spoken to."""

from pathlib import Path

import pytest

from rehearsal.cloud.client import client
from rehearsal.cloud.deployment import LocalCloud
from rehearsal.cloud.environment import (
    RemoteCloudError,
    child_environment,
    emulator_environment,
    loopback,
)

ENDPOINT = "http://127.0.0.1:4566"
REMOTE = [
    "https://dynamodb.eu-west-1.amazonaws.com",
    "https://127.0.0.1:4566",
    "http://127.0.0.1.example.com:4566",
    "http://127.0.0.1@example.com",
    "http://10.0.0.7:4566",
    "http://0.0.0.0:4566",
    "http://169.254.169.254",
    "http://[::ffff:10.0.0.7]:4566",
    "//127.0.0.1",
    "127.0.0.1:4566",
    "",
]
REAL = {
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_PROFILE": "production",
    "AWS_ENDPOINT_URL": "https://real.example.com",
    "AWS_ENDPOINT_URL_S3": "https://real.example.com",
    "AWS_CONFIG_FILE": "/home/me/.aws/config",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/real",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/token",
    "CDK_DEFAULT_ACCOUNT": "123456789012",
    "CDK_CONTEXT_JSON": "{}",
    "DIALOUT_ENV": "prod",
    "TWILIO_AUTH_TOKEN": "real",
    "DEEPGRAM_API_KEY": "real",
    "GROQ_API_KEY": "real",
    "TO_NUMBER": "+4915112345678",
    "PYTHONPATH": "/elsewhere",
}


@pytest.mark.parametrize("endpoint", REMOTE)
def test_an_endpoint_that_is_not_on_this_machine_is_refused(endpoint: str, tmp_path: Path) -> None:
    with pytest.raises(RemoteCloudError):
        loopback(endpoint)
    with pytest.raises(RemoteCloudError):
        child_environment(endpoint, {})
    with pytest.raises(RemoteCloudError):
        client("s3", endpoint)
    if endpoint:
        with pytest.raises(RemoteCloudError):
            LocalCloud(tmp_path, endpoint=endpoint)


@pytest.mark.parametrize("endpoint", [ENDPOINT, "http://localhost:4566", "http://[::1]:4566"])
def test_an_endpoint_on_this_machine_is_taken(endpoint: str) -> None:
    assert loopback(endpoint) == endpoint


def test_children_see_the_local_cloud_and_none_of_the_real_one() -> None:
    seen = child_environment(ENDPOINT, {**REAL, "PATH": "/bin", "UV_CACHE_DIR": "/cache"})
    assert (seen["PATH"], seen["UV_CACHE_DIR"]) == ("/bin", "/cache")
    assert {name: seen[name] for name in seen if name.startswith("AWS_")} == {
        "AWS_ENDPOINT_URL": ENDPOINT,
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "rehearsal",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    assert not {name for name in REAL if not name.startswith("AWS_")} & set(seen)


def test_children_ask_no_proxy_for_this_machine() -> None:
    seen = child_environment(ENDPOINT, {"HTTPS_PROXY": "http://proxy", "no_proxy": "intern"})
    assert seen["HTTPS_PROXY"] == "http://proxy"  # The first synth installs packages.
    assert seen["NO_PROXY"] == "127.0.0.1,localhost"
    assert seen["no_proxy"] == "127.0.0.1,localhost,intern"


def test_the_emulator_which_functions_inherit_from_sees_next_to_nothing() -> None:
    inherited = {**REAL, "PATH": "/bin", "HTTPS_PROXY": "http://proxy", "HOME": "/home/me"}
    seen = emulator_environment(inherited, "/scratch")
    assert seen == {"PATH": "/bin", "HOME": "/scratch", "TMPDIR": "/scratch"}


def test_the_users_profile_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in REAL.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    made = client("s3", ENDPOINT)
    assert made.meta.endpoint_url == ENDPOINT
    keys = made._get_credentials()
    assert (keys.access_key, keys.secret_key, keys.token) == ("000000000000", "rehearsal", None)
