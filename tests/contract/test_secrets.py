"""What every keeper of secrets does: the tests' fake as the Parameter Store."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from calls.adapters.parameters import MAX_AGE_SECONDS, ParameterStore
from calls.ports import SecretMissingError, Secrets
from tests.fakes import FakeSecrets


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        put("groq/api-key", "g")
        yield


def put(name: str, value: str) -> None:
    boto3.client("ssm").put_parameter(
        Name=f"/dialout/test/{name}", Value=value, Type="SecureString", Overwrite=True
    )


@pytest.fixture(params=["fake", "ssm"])
def secrets(request: pytest.FixtureRequest, aws: None) -> Secrets:
    if request.param == "fake":
        return FakeSecrets({"groq/api-key": "g"})
    return ParameterStore("/dialout/test")


def test_a_secret_is_had_by_its_name(secrets: Secrets) -> None:
    assert secrets.get("groq/api-key") == "g"


def test_a_missing_secret_is_named_with_its_remedy(secrets: Secrets) -> None:
    with pytest.raises(SecretMissingError, match=r"twilio/auth-token.*`dialout secrets set`"):
        secrets.get("twilio/auth-token")


def test_a_rotated_secret_is_in_use_after_a_while(aws: None) -> None:
    clock = 0.0
    store = ParameterStore("/dialout/test", clock=lambda: clock)
    assert store.get("groq/api-key") == "g"
    put("groq/api-key", "h")
    clock = MAX_AGE_SECONDS
    assert store.get("groq/api-key") == "g"
    clock += 1
    assert store.get("groq/api-key") == "h"


def test_a_secret_that_was_set_just_now_is_found_at_once(aws: None) -> None:
    store = ParameterStore("/dialout/test")
    store.get("groq/api-key")
    put("stream-secret", "s")
    assert store.get("stream-secret") == "s"
