"""Many at once on the local cloud: never more calls than seats, and none of them lost."""

import itertools
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

import boto3
import pytest
from botocore.config import Config

from calls import status_report
from calls.adapters.dynamodb import DynamoCallRecords
from calls.adapters.dynamodb_do_not_call import DynamoDoNotCall
from calls.adapters.dynamodb_ledger import DynamoLedger
from calls.call import Call, EndReason, now
from calls.dial_request import DialRequest
from calls.dialing import Dialer
from calls.seats import Beat, NoFreeSeatError, NotNowError, PaceExceededError
from calls.settings import Settings
from calls.settling import Settler
from tests.fakes import FakeDialQueue, FakeTelephony
from tests.integration.conftest import create_table

pytestmark = pytest.mark.timeout(180)
SEATS, REQUESTS = 10, 200
REQUEST = DialRequest(to_number="+15550100001", from_number="+15550000001")


class Killed(BaseException):
    """What a function's process cannot catch."""


class Network(FakeTelephony):
    """A phone network that takes its time, and counts how many calls there are at once."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = Lock()
        self.live = self.most = 0
        self.kill: set[int] = set()
        """The creates, by number, during which the function is killed: nobody is phoned."""

    def create_call(self, **asked: Any) -> str:  # type: ignore[override]
        time.sleep(0.02)
        with self.lock:
            sid = super().create_call(**asked)
            if len(self.created) in self.kill:
                raise Killed
            self.live += 1
            self.most = max(self.most, self.live)
        return sid

    def over(self) -> None:
        with self.lock:
            self.live -= 1


@pytest.fixture(scope="module")
def dynamodb(emulator: str) -> Any:
    return boto3.client(
        "dynamodb", region_name="us-east-1", endpoint_url=emulator,
        aws_access_key_id="000000000000", aws_secret_access_key="x",
        config=Config(max_pool_connections=REQUESTS),
    )  # fmt: skip


class Office:
    """A table, its ledger with ten seats, and dialers on it."""

    def __init__(self, client: Any, table: str) -> None:
        create_table(table, client)
        self.records = DynamoCallRecords(table, client)
        self.ledger = DynamoLedger(table, client)
        self.network, self.queue = Network(), FakeDialQueue()
        # In the future: none of this is about beats that were missed.
        soon = now() + timedelta(minutes=10)
        self.ledger.beat(Beat("task", SEATS, 0, draining=False, at=soon))
        settings = Settings.model_validate(
            {
                "DIALOUT_PUBLIC_API_URL": "https://api.test",
                "DIALOUT_PUBLIC_WS_URL": "wss://media.test/ws",
                "DIALOUT_CALLS_PER_SECOND": 500,
                "DIALOUT_CALLING_WINDOW": "00:00-24:00",
                "DIALOUT_MAX_CALLS_PER_NUMBER_PER_DAY": 0,
            }
        )
        self.dialer = Dialer(
            self.records,
            self.ledger,
            DynamoDoNotCall(table, client),
            self.network,
            self.queue,
            settings,
        )
        self.ways = itertools.cycle(WAYS)
        self.forgotten: list[str] = []

    def dial(self, number: int) -> str:
        """One request, and its call to its end; the answer's status."""
        # Not all in the first millisecond: calls are to end while others are asked for.
        time.sleep(random.uniform(0, 4))
        request = REQUEST.model_copy(update={"wait": number % 5 == 0})
        try:
            call = self.dialer.dial(request, api_key="crm", idempotency_key=str(number)).call
        except NoFreeSeatError:
            return "503"
        except PaceExceededError:
            return "429"
        except Killed:
            return "killed"
        if call.was_queued:
            return "202"
        self.talk(call)
        return "201"

    def talk(self, call: Call) -> None:
        time.sleep(random.uniform(0, 0.1))
        way = next(self.ways)
        if way is None and len(self.forgotten) < 3:
            # The container was killed, and Twilio's report lost.
            self.forgotten.append(call.call_id)
            return
        self.network.over()
        # Twilio says it twice, and from two functions at once.
        with ThreadPoolExecutor(2) as twice:
            list(twice.map(lambda _: self.records.update(call.call_id, way or WAYS[0]), range(2)))

    def work_the_queue(self) -> None:
        while True:
            try:
                waiting, _ = self.queue.waiting.pop()
            except IndexError:
                return
            try:
                call = self.dialer.dial_waiting(waiting)
            except NotNowError:
                self.queue.put(waiting, 1)
                time.sleep(0.05)
            except Killed:
                continue
            else:
                self.talk(call)


def reported(status: str, reason: EndReason | None = None) -> Callable[[Call], Call]:
    def change(call: Call) -> Call:
        if reason:
            call = call.will_end(reason)
        return status_report.apply(call, status, now(), 7)

    return change


WAYS: list[Any] = [
    reported("busy"),
    reported("no-answer"),
    reported("failed"),
    reported("canceled"),
    reported("completed"),
    reported("completed", EndReason.AGENT_HUNG_UP),
    reported("completed", EndReason.MACHINE),
    None,
]


def test_two_hundred_at_once_never_have_more_than_ten_seats(dynamodb: Any) -> None:
    office = Office(dynamodb, "load")
    office.network.kill = {3, 8}
    with ThreadPoolExecutor(REQUESTS) as callers:
        answers = Counter(callers.map(office.dial, range(REQUESTS)))
    with ThreadPoolExecutor(4) as dialers:
        list(dialers.map(lambda _: office.work_the_queue(), range(4)))
    print(dict(answers), "most at once:", office.network.most, file=sys.stderr)

    assert office.network.most <= SEATS
    assert set(answers) <= {"201", "202", "429", "503", "killed"}
    assert answers.total() == REQUESTS
    assert answers["killed"] <= 2
    assert answers["201"] > SEATS
    # Whoever waited was dialled too, and nobody twice.
    urls = [created["url"] for created in office.network.created]
    assert len(urls) == len(set(urls)) == answers["201"] + answers["202"] + answers["killed"]
    # What is left are those that nobody told of: the sweeper's.
    left = office.records.open_calls()
    assert office.ledger.fleet().used == len(left) == len(office.forgotten) + 2
    settler = Settler(office.records, office.network, clock=lambda: now() + timedelta(seconds=121))
    killed = [call_id for call_id in left if call_id not in office.forgotten]
    assert {settler.settle(call_id).end_reason for call_id in killed} == {EndReason.FAILED}
    assert office.ledger.free_expired(now()) == []
    swept = office.ledger.free_expired(now() + timedelta(seconds=721))
    assert sorted(swept) == sorted(office.forgotten)
    assert office.ledger.fleet().used == 0
    assert office.ledger.reconcile() == 0
    for call_id in swept:
        office.records.update(call_id, lambda c: c.end(EndReason.LOST, now()))
    assert office.ledger.fleet().used == 0
    assert office.records.open_calls() == []


def test_fifty_identical_requests_at_once_phone_once(dynamodb: Any) -> None:
    office = Office(dynamodb, "once")

    def dial(_: int) -> tuple[str, str | None]:
        call = office.dialer.dial(REQUEST, api_key="crm", idempotency_key="order-1").call
        return call.call_id, call.call_sid

    with ThreadPoolExecutor(50) as callers:
        answers = set(callers.map(dial, range(50)))
    assert len(answers) == len(office.network.created) == office.ledger.fleet().used == 1
    assert next(iter(answers))[1] == f"CA{1:032}"


def test_twenty_at_once_at_five_a_second_are_spread_over_nearly_four(dynamodb: Any) -> None:
    office = Office(dynamodb, "pace")
    office.ledger.beat(Beat("more", 20, 0, draining=False, at=now() + timedelta(minutes=10)))
    chosen = office.dialer.settings.model_copy(update={"calls_per_second": 5.0})
    moments: list[datetime] = []
    lock = Lock()

    def dial(number: int) -> None:
        # Each request in a time of its own, so that nobody waits for true: what counts is when
        # the ledger lets it ring.
        at = [now()]

        def sleep(seconds: float) -> None:
            at[0] += timedelta(seconds=seconds)

        dialer = Dialer(
            office.records, office.ledger, office.dialer.do_not_call, office.network,
            office.queue, chosen, lambda: at[0], sleep,
        )  # fmt: skip
        while True:
            try:
                dialer.dial(REQUEST, api_key="crm", idempotency_key=str(number))
            except NotNowError as refused:
                sleep(refused.retry_after)
                continue
            with lock:
                moments.append(at[0])
            return

    with ThreadPoolExecutor(20) as callers:
        list(callers.map(dial, range(20)))
    assert len(office.network.created) == 20
    assert max(moments) - min(moments) >= timedelta(seconds=3.6)
    assert all(moment.tzinfo is UTC for moment in moments)
