"""What every keeper of greetings, and every prepare queue, does: the tests' fakes as AWS's."""

from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest
import time_machine
from moto import mock_aws

from calls.adapters.dynamodb_greetings import DynamoGreetings
from calls.adapters.prepare_queue import PrepareQueue as SqsPrepareQueue
from calls.call import now
from calls.greeting import LARGEST_BYTES, Greeting
from calls.ports import Greetings, PrepareQueue
from tests.contract.test_ledger import credentials
from tests.fakes import FakeGreetings, FakePrepareQueue
from tests.integration.conftest import create_table

GREETING = Greeting(
    text="Hallo, grüß Gott.", mulaw=bytes(range(256)), voice="deepgram:x",
    context={"name": "Zoë", "orders": 3, "vip": True, "rate": 0.5},
)  # fmt: skip


@pytest.fixture(params=["fake", "dynamodb"])
def greetings(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Greetings]:
    if request.param == "fake":
        yield FakeGreetings()
        return
    credentials(monkeypatch)
    with mock_aws():
        create_table("calls")
        yield DynamoGreetings("calls")


@pytest.mark.parametrize(
    "greeting",
    [
        GREETING,
        Greeting(),
        Greeting(context={"name": "Ann"}),
        Greeting(text="x" * 2000, mulaw=b"\x7f" * LARGEST_BYTES),
    ],
    ids=["whole", "empty", "context", "largest"],
)
def test_what_is_kept_comes_back(greetings: Greetings, greeting: Greeting) -> None:
    greetings.put("01A", greeting)
    assert greetings.get("01A") == greeting
    assert greetings.get("01B") is None


def test_the_last_one_stands(greetings: Greetings) -> None:
    greetings.put("01A", Greeting(context={"name": "Ann"}))
    greetings.put("01A", GREETING)
    assert greetings.get("01A") == GREETING


def test_after_a_day_it_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB deletes late: what has expired is not read, and its attribute says when it was."""
    credentials(monkeypatch)
    with mock_aws():
        create_table("calls")
        greetings = DynamoGreetings("calls")
        greetings.put("01A", GREETING)
        (item,) = boto3.client("dynamodb").scan(TableName="calls")["Items"]
        assert abs(int(item["expires_at"]["N"]) - now().timestamp() - 86_400) < 60
        with time_machine.travel(now() + timedelta(hours=25)):
            assert greetings.get("01A") is None


@pytest.fixture(params=["fake", "sqs"])
def queue(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PrepareQueue]:
    if request.param == "fake":
        yield FakePrepareQueue()
        return
    credentials(monkeypatch)
    with mock_aws():
        url = boto3.client("sqs").create_queue(QueueName="prepare")["QueueUrl"]
        yield SqsPrepareQueue(url)


def test_a_preparation_is_taken_once(queue: PrepareQueue) -> None:
    queue.put("01A")
    (taken,) = queue.take(1)
    assert taken.call_id == "01A"
    assert abs(now() - taken.asked_at) < timedelta(seconds=60)
    assert queue.take(0) == []
    queue.done(taken)
    assert queue.take(0) == []


def test_one_that_is_given_back_comes_again(queue: PrepareQueue) -> None:
    queue.put("01A")
    (taken,) = queue.take(1)
    queue.give_back(taken)
    (again,) = queue.take(1)
    assert again.call_id == "01A"
