"""POST /dialout through the real handler, DynamoDB, SSM and Twilio's library."""

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from calls.adapters.prepare_queue import PrepareQueue
from calls.consent import Consent
from functions import wiring
from functions.dialout import handler
from functions.log import logger
from tests.integration.conftest import API_KEY, PUBLIC, SQS, Twilio
from tests.integration.gateway import Context, event

pytestmark = pytest.mark.usefixtures("cloud")
ARTICLE = {"to_number": "+15550100001", "from_number": "+15550000001"}


def post(body: Any, *, key: str | None = API_KEY, **headers: str) -> dict[str, Any]:
    sent = {"content-type": "application/json", **headers}
    if key is not None:
        sent["authorization"] = f"Bearer {key}"
    text = body if isinstance(body, str) else json.dumps(body)
    answer = handler(event("POST /dialout", "/dialout", body=text, headers=sent), Context())
    return {**answer, "json": json.loads(answer["body"])}


def test_the_articles_request_phones_somebody_once(twilio: Twilio) -> None:
    answer = post(ARTICLE)

    assert answer["statusCode"] == 201, answer
    made = answer["json"]
    assert made["call_sid"] == f"CA{1:032}"
    assert made["status"] == "dialing"
    assert made["agent"] == "amelia"
    (create,) = twilio.creates
    assert create["To"] == ["+15550100001"]
    assert create["From"] == ["+15550000001"]
    assert create["Url"] == [f"{PUBLIC}/twiml?call_id={made['call_id']}&leg=1"]
    assert create["StatusCallback"] == [f"{PUBLIC}/status?call_id={made['call_id']}"]
    assert create["StatusCallbackEvent"] == ["initiated", "ringing", "completed"]
    assert create["TimeLimit"] == ["600"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("nonsense", "not JSON"),
        ("[]", ""),
        ({}, "to_number"),
        ({"to_number": "5550100001"}, "start with +"),
        ({"to_number": "+1555"}, "too few digits"),
        ({"to_number": "+15550100001"}, "from_number"),
        ({**ARTICLE, "from_number": "+15550100001"}, "are the same"),
        ({**ARTICLE, "agent": "nobody"}, "no agent 'nobody'; there are: amelia"),
        ({**ARTICLE, "agnet": "amelia"}, "agnet: there is no such field"),
        ({**ARTICLE, "variables": {"a": [1]}}, "variables"),
        ({**ARTICLE, "max_call_seconds": 5}, "max_call_seconds"),
    ],
)
def test_bad_input_is_explained_and_nothing_dialled(twilio: Twilio, body: Any, words: str) -> None:
    answer = post(body)

    assert answer["statusCode"] == 400, answer
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert answer["json"]["code"] == "invalid_request"
    assert words in answer["json"]["detail"]
    assert twilio.requests == []


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_is_read_as_json_whatever_it_is_called(kind: str) -> None:
    assert post(ARTICLE, **{"content-type": kind})["statusCode"] == 201
    assert (
        post("nonsense", **{"content-type": kind})["json"]["detail"] == "body: the body is not JSON"
    )


@pytest.mark.parametrize("key", [None, "", "wrong", API_KEY + "x"])
def test_without_a_known_key_nothing_is_looked_at(twilio: Twilio, key: str | None) -> None:
    answer = post("nonsense", key=key)

    assert answer["statusCode"] == 401
    assert answer["json"]["code"] == "unauthorized"
    assert twilio.requests == []


def test_a_rules_refusal_is_403_with_its_word(twilio: Twilio) -> None:
    answer = post({**ARTICLE, "to_number": "+4930901820"})
    assert (answer["statusCode"], answer["json"]["code"]) == (403, "country_not_allowed")
    assert "DIALOUT_ALLOWED_COUNTRIES" in answer["json"]["detail"]
    assert answer["json"]["allowed_at"] is None
    assert twilio.requests == []


def test_a_repeated_key_gets_the_first_answer_and_phones_nobody(twilio: Twilio) -> None:
    first = post(ARTICLE, **{"idempotency-key": "order-1"})
    again = post(ARTICLE, **{"idempotency-key": "order-1"})
    other = post({**ARTICLE, "agent": "amelia"}, **{"idempotency-key": "order-1"})

    assert again["statusCode"] == 201
    assert again["json"] == first["json"]
    assert again["headers"]["Idempotent-Replayed"] == "true"
    assert other["statusCode"] == 409
    assert other["json"]["code"] == "idempotency_conflict"
    assert len(twilio.creates) == 1


def test_a_refusal_of_twilio_is_passed_on_with_its_code(twilio: Twilio) -> None:
    twilio.answers.append((400, {"code": 21211, "message": "invalid +15550100001", "status": 400}))
    answer = post(ARTICLE, **{"idempotency-key": "k"})
    again = post(ARTICLE, **{"idempotency-key": "k"})

    assert answer["statusCode"] == 502
    assert answer["json"]["code"] == "telephony_error"
    assert answer["json"]["twilio_code"] == 21211
    assert "+1555" not in answer["body"]
    assert again["json"] == answer["json"]
    assert len(twilio.creates) == 1


def test_a_create_without_an_answer_is_never_repeated(twilio: Twilio) -> None:
    twilio.answers.append((500, {"code": 20500, "message": "oops", "status": 500}))
    answer = post(ARTICLE, **{"idempotency-key": "k"})

    assert answer["statusCode"] == 502
    assert "not tried again" in answer["json"]["detail"]
    assert post(ARTICLE, **{"idempotency-key": "k"})["json"]["call_id"] == answer["json"]["call_id"]
    assert len(twilio.creates) == 1


def test_a_table_that_does_not_answer_is_a_503_that_says_when_to_try_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(operation: str, **_: Any) -> None:
        code = "ProvisionedThroughputExceededException"
        raise ClientError({"Error": {"Code": code, "Message": "slow down"}}, operation)

    # On its way out, behind the SDK's own repetition.
    client = wiring.dynamodb()
    monkeypatch.setattr(client, "_make_api_call", lambda operation, _: refuse(operation))
    answer = post(ARTICLE)
    assert (answer["statusCode"], answer["json"]["code"]) == (503, "unavailable")
    assert answer["headers"]["Retry-After"] == "5"
    assert "slow down" not in answer["body"]


def test_no_log_line_holds_a_number_or_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", out)
    post(ARTICLE)
    post(ARTICLE, key="wrong-key")

    logged = out.getvalue()
    assert "********0001" in logged
    assert "+1555" not in logged
    assert API_KEY not in logged
    assert "wrong-key" not in logged


def test_a_dry_run_says_what_would_happen_and_phones_nobody(twilio: Twilio) -> None:
    answer = post({**ARTICLE, "to_number": "+4930901820", "dry_run": True})
    assert answer["statusCode"] == 200
    told = answer["json"]
    assert told["would_dial"] is False
    assert told["time_zones"] == ["Europe/Berlin"]
    forbidding = [rule for rule in told["rules"] if not rule["allows"]]
    assert [rule["rule"] for rule in forbidding] == ["country_not_allowed"]
    assert "DIALOUT_ALLOWED_COUNTRIES" in forbidding[0]["detail"]

    assert post({**ARTICLE, "dry_run": True})["json"]["would_dial"] is True
    assert twilio.requests == []


def test_the_same_number_is_not_phoned_all_day(twilio: Twilio) -> None:
    for _ in range(3):
        assert post(ARTICLE)["statusCode"] == 201
    refused = post(ARTICLE)
    assert (refused["statusCode"], refused["json"]["code"]) == (403, "too_frequent")
    assert refused["json"]["allowed_at"] is not None
    assert len(twilio.creates) == 3


def test_the_consent_is_kept_with_the_call() -> None:
    consent = {"basis": "express_written", "at": "2026-01-31T09:00:00Z", "source": "form 12"}
    call_id = post({**ARTICLE, "consent": consent})["json"]["call_id"]
    assert wiring.records().get(call_id).consent == Consent.model_validate(consent)
    assert post({**ARTICLE, "consent": {"basis": "x"}})["statusCode"] == 400


def prepared() -> list[str]:
    """The calls that are asked to be prepared."""
    found: list[str] = []
    while taken := wiring.prepare_queue().take(0):
        found += [each.call_id for each in taken]
    return found


def test_a_placed_call_is_prepared_while_it_rings(twilio: Twilio) -> None:
    answer = post(ARTICLE, **{"idempotency-key": "k"})
    assert prepared() == [answer["json"]["call_id"]]
    post(ARTICLE, **{"idempotency-key": "k"})
    assert prepared() == []


def test_a_call_that_is_not_placed_is_not_prepared(twilio: Twilio) -> None:
    twilio.answers.append((400, {"code": 21211, "message": "no", "status": 400}))
    assert post(ARTICLE)["statusCode"] == 502
    assert prepared() == []


def test_a_call_that_cannot_be_prepared_is_placed_all_the_same(
    twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "prepare_queue", lambda: PrepareQueue(f"{SQS}/no-such-queue"))
    assert post(ARTICLE)["statusCode"] == 201
    assert len(twilio.creates) == 1
