"""Calls that ended, from the queue to what came of them."""

import io
import json
from typing import Any

import boto3
import pytest

from calls import agents
from calls.adapters.delivery_queue import DeliveryQueue
from calls.adapters.llm_completion import LlmCompletion
from calls.call import Call, EndReason, Turn
from calls.call_event import CallEvent
from calls.debrief import ATTEMPTS, DELAYS_SECONDS, Debriefer
from calls.ports import CompletionError
from functions import announcer, debrief, wiring
from functions.call_view import view
from functions.log import logger
from tests.fakes import FakeCompletion
from tests.integration.gateway import Context
from tests.integration.test_event_functions import change, published  # noqa: F401 -- a fixture
from tests.unit.test_call import AT, made
from tests.unit.test_debrief import GOOD, SAID, TALK, agent

pytestmark = pytest.mark.usefixtures("cloud")
ARN = "arn:aws:sqs:us-east-1:123456789012:debrief-test"
IDS = ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW")


class Queue:
    """The queue as the function sees it."""

    def __init__(self) -> None:
        self.again_after: list[int] = []
        self.dead: list[str] = []

    def again(self, receipt: str, seconds: int) -> None:
        self.again_after.append(seconds)

    def give_up(self, body: str) -> None:
        self.dead.append(body)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    queue = Queue()
    monkeypatch.setattr(wiring, "delivery_queue", lambda arn: queue if arn == ARN else None)
    return queue


@pytest.fixture
def llm(monkeypatch: pytest.MonkeyPatch) -> FakeCompletion:
    llm = FakeCompletion([GOOD])
    debriefer = Debriefer(wiring.records(), llm, lambda _: agent())
    monkeypatch.setattr(wiring, "debriefer", lambda: debriefer)
    return llm


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    out = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", out)
    return out


def ended(call_id: str = IDS[0], turns: list[Turn] = TALK, **fields: Any) -> Call:
    """A call that is over, in the table."""
    records = wiring.records()
    records.create(made(call_id=call_id, active_leg=1, answered_at=AT, **fields))
    for turn in turns:
        records.append_turn(call_id, 1, turn)
    return records.update(call_id, lambda call: call.end(EndReason.CALLEE_HUNG_UP, AT))


def message(call: Call | str, attempt: int = 1) -> dict[str, Any]:
    """The event of its end, as EventBridge puts it into the queue."""
    body = call
    if isinstance(call, Call):
        shown = view(call).model_dump(mode="json", exclude={"transcript"})
        told = CallEvent(id="1", type="call.ended", at=AT, sequence=4, call=shown)
        body = json.dumps({"source": "dialout", "detail": told.model_dump(mode="json")})
    return {
        "messageId": f"m-{call.call_id if isinstance(call, Call) else 'x'}",
        "receiptHandle": "r",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(attempt)},
        "eventSourceARN": ARN,
    }


def failed(*messages: dict[str, Any]) -> list[str]:
    answer = debrief.handler({"Records": list(messages)}, Context())
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_a_call_that_ended_is_debriefed(
    llm: FakeCompletion, queue: Queue, log: io.StringIO
) -> None:
    call = ended()
    assert failed(message(call)) == []
    found = wiring.records().get(call.call_id)
    assert (found.summary, found.disposition) == ("They gave a four.", "completed")
    assert found.outcome == SAID
    assert found.debriefed_at is not None
    line = json.loads(log.getvalue().splitlines()[-1])
    assert (line["message"], line["call_id"]) == ("Call debriefed", call.call_id)
    for told in ("They gave", "recommend", call.to_number, "Four"):
        assert told not in log.getvalue()
    # It may come twice.
    assert failed(message(call)) == []
    assert len(llm.asked) == 1


def test_one_that_fails_is_put_off_and_the_others_are_not(
    llm: FakeCompletion, queue: Queue, log: io.StringIO
) -> None:
    silent, talked = ended(IDS[0], turns=[]), ended(IDS[1])
    llm.answers = [CompletionError("refused: 503")]
    assert failed(message(silent), message(talked)) == [f"m-{talked.call_id}"]
    assert wiring.records().get(silent.call_id).disposition == "no_response"
    assert wiring.records().get(talked.call_id).debriefed_at is None
    (wait,) = queue.again_after
    assert 0.7 * DELAYS_SECONDS[0] <= wait <= 1.3 * DELAYS_SECONDS[0]
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert ("LLM did not answer", "refused: 503") in [
        (line["message"], line.get("why")) for line in lines
    ]


def test_after_the_last_attempt_the_record_is_settled_and_the_message_is_a_dead_letter(
    llm: FakeCompletion, queue: Queue
) -> None:
    call = ended(outcome={"rating": 5})
    llm.answers = [CompletionError("refused: 503"), GOOD]
    assert failed(message(call, ATTEMPTS)) == [f"m-{call.call_id}"]
    # At once, as SQS then counts one too many.
    assert queue.again_after == [0]
    found = wiring.records().get(call.call_id)
    assert (found.summary, found.disposition) == (None, "unknown")
    assert found.outcome == {**dict.fromkeys(SAID), "rating": 5}

    # The dead letter is sent again, some day.
    assert failed(message(call)) == []
    found = wiring.records().get(call.call_id)
    assert (found.summary, found.disposition) == ("They gave a four.", "completed")
    assert found.outcome == {**SAID, "rating": 5}


def test_what_fails_on_our_side_is_put_off_too(
    llm: FakeCompletion, queue: Queue, log: io.StringIO
) -> None:
    call = ended()
    llm.answers = [RuntimeError("Four. I'd recommend it.")]
    assert failed(message(call)) == [f"m-{call.call_id}"]
    assert len(queue.again_after) == 1
    assert "recommend it" not in log.getvalue()


def test_an_agent_that_is_gone_keeps_nothing_waiting(
    monkeypatch: pytest.MonkeyPatch, queue: Queue
) -> None:
    debriefer = Debriefer(wiring.records(), FakeCompletion(), agents.load)
    monkeypatch.setattr(wiring, "debriefer", lambda: debriefer)
    call = ended(agent="gone", outcome={"rating": 5})
    assert failed(message(call)) == []
    found = wiring.records().get(call.call_id)
    assert (found.disposition, found.outcome) == ("unknown", {"rating": 5})


@pytest.mark.parametrize("body", ["", "[]", '{"detail": 1}', '{"detail": {"id": "1"}}'])
def test_what_is_no_event_is_given_up(llm: FakeCompletion, queue: Queue, body: str) -> None:
    call = ended()
    assert failed(message(body), message(call)) == []
    assert queue.dead == [body]
    assert wiring.records().get(call.call_id).debriefed_at is not None


def test_a_call_that_is_gone_is_let_go(llm: FakeCompletion, queue: Queue) -> None:
    assert failed(message(made())) == []
    assert (queue.again_after, queue.dead) == ([], [])


def test_a_message_that_cannot_be_put_off_comes_again_by_itself(
    llm: FakeCompletion, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> None:
        raise RuntimeError

    llm.answers = [CompletionError("refused: 503")]
    monkeypatch.setattr(queue, "again", refused)
    call = ended()
    assert failed(message(call)) == [f"m-{call.call_id}"]


def test_it_is_told_of_once_after_the_end(
    llm: FakeCompletion,
    queue: Queue,
    published: list[Any],  # noqa: F811
) -> None:
    talking = made(answered_at=AT)
    call = ended()
    failed(message(call))
    found = wiring.records().get(call.call_id)
    later = found.note("recording_completed", AT)
    records = [change(talking, call, 1), change(call, found, 2), change(found, later, 3)]
    announcer.handler({"Records": records}, Context())
    assert [event.type for event in published] == ["call.ended", "call.analyzed"]
    ended_, analyzed = published
    assert ended_.sequence < analyzed.sequence
    assert analyzed.id == f"{call.call_id}.call.analyzed"
    assert analyzed.at == found.debriefed_at
    assert (analyzed.call["outcome"], analyzed.call["disposition"]) == (SAID, "completed")
    assert (ended_.call["summary"], ended_.call["debriefed_at"]) == (None, None)


def test_behind_it_stand_the_table_the_queue_and_the_agents_own_llm() -> None:
    wiring.debriefer.cache_clear()
    wiring.delivery_queue.cache_clear()
    boto3.client("sqs").create_queue(QueueName="debrief-test")
    debriefer = wiring.debriefer()
    assert isinstance(debriefer.completion, LlmCompletion)
    assert debriefer.records is wiring.records()
    assert isinstance(wiring.delivery_queue(ARN), DeliveryQueue)
    wiring.debriefer.cache_clear()
    wiring.delivery_queue.cache_clear()
