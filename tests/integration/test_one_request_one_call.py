"""One request, at most one call, and a record that ends true.

Each request comes fifty times at once; Twilio's answer is lost in one way or another; and the
webhooks of the call come in any order, each of them twice.
"""

import itertools
import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from calls import dialing
from calls.adapters import twilio_telephony
from calls.adapters.twilio_telephony import TwilioTelephony
from calls.call import Call, EndReason, Status
from calls.dial_request import DialRequest
from calls.dialing import Dialer
from calls.refused import CallNotPlacedError
from functions import wiring
from functions.twiml import handler
from tests.integration.conftest import (
    AUTH_TOKEN,
    NEVER,
    PUBLIC,
    SECRETS,
    Twilio,
    create_table,
    environment,
    offer_seats,
    put_secrets,
)
from tests.integration.gateway import Context, webhook

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("local_cloud")]
AT_ONCE = 50
REQUEST = DialRequest(to_number="+15550100001", from_number="+15550000001")
tables = itertools.count()


class Killed(BaseException):
    """What a function's process cannot catch."""


@pytest.fixture
def local_cloud(emulator: str, twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Nobody waits here for an answer that does not come: none of them counts in seconds.
    monkeypatch.setattr(dialing, "NAMED_WITHIN", dialing.NAMED_WITHIN / 6)
    more = {
        "AWS_ENDPOINT_URL": emulator,
        "DIALOUT_TABLE": f"once-{next(tables)}",
        "DIALOUT_MAX_CALLS_PER_NUMBER_PER_DAY": "0",
    }
    with environment(monkeypatch, twilio, **more):
        create_table(more["DIALOUT_TABLE"], boto3.client("dynamodb"))
        put_secrets(SECRETS)
        offer_seats(10)
        yield


def killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The function dies as soon as Twilio has taken the call."""
    create = TwilioTelephony.create_call

    def dies(*given: Any, **asked: Any) -> str:
        create(*given, **asked)
        raise Killed

    monkeypatch.setattr(TwilioTelephony, "create_call", dies)


def fifty_times(dialer: Dialer, key: str) -> Counter[str]:
    """What each of fifty identical requests, all at once, came to."""
    together = threading.Barrier(AT_ONCE)

    def dial(_: int) -> str:
        together.wait()
        try:
            dialed = dialer.dial(REQUEST, api_key="crm", idempotency_key=key)
        except CallNotPlacedError as error:
            return "not said" if error.ambiguous else "refused"
        except Killed:
            return "killed"
        return "replayed" if dialed.replayed else "placed"

    with ThreadPoolExecutor(AT_ONCE) as callers:
        return Counter(callers.map(dial, range(AT_ONCE)))


Told = tuple[str, dict[str, str]]
"""A webhook: its path, and its form's fields."""


@dataclass(frozen=True)
class Life:
    """What Twilio tells of a call, in its own order, and what is to be known then."""

    told: tuple[Told, ...]
    ends: EndReason
    seconds: int | None = None

    def backwards(self) -> list[Told]:
        return [*self.told, *self.told][::-1]

    def shuffled(self) -> list[Told]:
        return random.Random(4).sample([*self.told, *self.told], 2 * len(self.told))


RINGS = (("/status", {"CallStatus": "initiated"}), ("/status", {"CallStatus": "ringing"}))
TALKED = Life(
    (
        *RINGS,
        ("/twiml", {"CallStatus": "in-progress"}),
        ("/answered-by", {"AnsweredBy": "human"}),
        ("/stream-status", {"StreamEvent": "stream-stopped", "StreamSid": "MZ1"}),
        ("/status", {"CallStatus": "completed", "CallDuration": "12"}),
    ),
    EndReason.CALLEE_HUNG_UP,
    12,
)
BUSY = Life((*RINGS, ("/status", {"CallStatus": "busy"})), EndReason.BUSY)
LIVES = [(TALKED, TALKED.shuffled()), (TALKED, TALKED.backwards()), (BUSY, BUSY.shuffled())]


def tell(call_id: str, call_sid: str, path: str, fields: dict[str, str]) -> int:
    made = webhook(
        path,
        f"call_id={call_id}&leg=1" if path != "/status" else f"call_id={call_id}",
        {"CallSid": call_sid, "AccountSid": "AC1", **fields},
        base_url=PUBLIC,
        auth_token=AUTH_TOKEN,
    )
    return int(handler(made, Context())["statusCode"])


BROKEN = (500, {"code": 20500, "message": "oops", "status": 500})


@pytest.mark.parametrize(
    ("how", "first"),
    [("answers", "placed"), ("breaks", "not said"), ("hangs", "not said"), ("killed", "killed")],
)
def test_fifty_at_once_make_one_call_whose_record_ends_true(
    twilio: Twilio, monkeypatch: pytest.MonkeyPatch, how: str, first: str
) -> None:
    if how == "killed":
        killed(monkeypatch)
    if how == "hangs":
        monkeypatch.setattr(twilio_telephony, "TIMEOUT_SECONDS", 2.0)
    dialer = wiring.dialer()
    for number, (life, told) in enumerate(LIVES, start=1):
        if how in ("breaks", "hangs"):
            twilio.answers.append(BROKEN if how == "breaks" else (NEVER, {}))
        came = fifty_times(dialer, f"order {number}")
        assert came == {first: 1, "replayed": AT_ONCE - 1}
        assert len(twilio.creates) == number

        (call_id,) = wiring.records().open_calls()
        call_sid = f"CA{number:032}"
        for path, fields in told:
            assert tell(call_id, call_sid, path, fields) in (200, 204)
        record = wiring.records().get(call_id)
        _is_true(record, call_sid, life)

        assert tell(call_id, "CA" + "9" * 32, "/status", {"CallStatus": "failed"}) == 403
        again = dialer.dial(REQUEST, api_key="crm", idempotency_key=f"order {number}")
        assert (again.replayed, again.call) == (True, record)
        assert len(twilio.creates) == number
        assert wiring.records().open_calls() == []
        assert wiring.ledger().fleet().used == 0


def _is_true(record: Call, call_sid: str, life: Life) -> None:
    assert (record.status, record.end_reason) == (Status.ENDED, life.ends)
    assert (record.call_sid, record.duration_seconds) == (call_sid, life.seconds)
    assert (record.answered_at is not None) == (life.seconds is not None)
    assert record.answered_by == ("human" if life.seconds is not None else None)
    reached = [entry.event for entry in record.timeline]
    assert len(reached) == len(set(reached)), "nothing is told twice"
    assert reached.index("dialing") < reached.index("ended")
