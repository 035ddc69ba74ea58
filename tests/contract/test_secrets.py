"""What every keeper of secrets does: the tests' fake as the Parameter Store."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from calls.adapters.parameters import KEPT_SECONDS, MAX_AGE_SECONDS, ParameterStore
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


class Store:
    """A Parameter Store that can be broken."""

    code: str | None = None
    asked = 0

    def get_paginator(self, _: str) -> "Store":
        return self

    def paginate(self, **_: object) -> list[dict[str, list[dict[str, str]]]]:
        self.asked += 1
        if self.code:
            status = 500 if self.code == "InternalServerError" else 400
            raise ClientError(
                {"Error": {"Code": self.code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item] -- as much of it as is looked at
                "GetParametersByPath",
            )
        return [{"Parameters": [{"Name": "/dialout/test/groq/api-key", "Value": "g"}]}]


def test_what_was_read_is_used_for_a_while_if_the_store_does_not_answer() -> None:
    at, broken = [0.0], Store()
    store = ParameterStore("/dialout/test", broken, clock=lambda: at[0])  # type: ignore[arg-type]
    broken.code = "InternalServerError"
    with pytest.raises(ClientError):
        store.get("groq/api-key")
    broken.code = None
    assert store.get("groq/api-key") == "g"
    broken.code, broken.asked = "InternalServerError", 0
    for at[0] in (MAX_AGE_SECONDS + 1, MAX_AGE_SECONDS + 2, MAX_AGE_SECONDS + 32):
        assert store.get("groq/api-key") == "g"
    assert broken.asked == 2, "not with every request: each would wait for it"
    for at[0] in (KEPT_SECONDS + 1, KEPT_SECONDS + 2):
        with pytest.raises(ClientError):
            store.get("groq/api-key")
    broken.code = None
    at[0] += 1
    assert store.get("groq/api-key") == "g"


def test_a_store_that_refuses_us_is_an_error_at_once() -> None:
    at, broken = [0.0], Store()
    store = ParameterStore("/dialout/test", broken, clock=lambda: at[0])  # type: ignore[arg-type]
    store.get("groq/api-key")
    broken.code, at[0] = "AccessDeniedException", MAX_AGE_SECONDS + 1
    with pytest.raises(ClientError):
        store.get("groq/api-key")
