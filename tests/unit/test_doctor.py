"""The doctor's checks, on an environment of cardboard: all well, then one thing amiss each."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from botocore.exceptions import NoCredentialsError, NoRegionError
from twilio.request_validator import RequestValidator

from calls.settings import Settings
from dialout.doctor import vendors
from dialout.doctor.check import Check, Result, chosen, examine
from dialout.doctor.checks import CHECKS
from dialout.doctor.finding import Verdict, ok
from dialout.doctor.patient import Patient, client
from dialout.twilio_signature import sign
from tests.unit.outside import API, FROM, TOKEN, WS, Outside, numbers, refused


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    for each in Settings.model_fields.values():
        monkeypatch.delenv(str(each.alias), raising=False)
    return Outside()


async def examined(outside: Outside) -> dict[str, Result]:
    async with client(httpx.MockTransport(outside.answer)) as http:
        results = await examine(Patient(Settings(), http, outside.aws), CHECKS)
    return {result.check.name: result for result in results}


async def test_all_is_well(outside: Outside) -> None:
    results = await examined(outside)
    assert {name: r.finding for name, r in results.items() if r.finding.verdict != "ok"} == {}
    assert list(results) == [check.name for check in CHECKS]


def says(url: str, status: int, body: Any = None) -> Callable[[Outside], None]:
    return lambda outside: outside.answers.update({url: httpx.Response(status, json=body)})


def lost(url: str) -> Callable[[Outside], None]:
    return lambda outside: outside.answers.update({url: httpx.ConnectError("no")})


def secret(name: str, value: str | None) -> Callable[[Outside], None]:
    def change(outside: Outside) -> None:
        del outside.secrets[name]
        outside.secrets |= {} if value is None else {name: value}

    return change


def having(**changes: Any) -> Callable[[Outside], None]:
    def change(outside: Outside) -> None:
        for name, value in changes.items():
            setattr(outside, name, value)

    return change


ACCOUNT, NUMBERS = "/AC1.json", "IncomingPhoneNumbers"
TRIAL = {"status": "active", "type": "Trial"}
NEW = {"status": "active", "type": "Full", "date_created": "Tue, 03 Mar 2026 00:00:00 +0000"}
SET = {"DIALOUT_DEFAULT_FROM_NUMBER": FROM}


@pytest.mark.parametrize(
    ("amiss", "name", "verdict", "finding", "remedy"),
    [
        (having(identity=NoCredentialsError()), "aws", "fail", "no AWS credentials", "aws conf"),
        (having(identity=NoRegionError()), "aws", "fail", "no AWS region", "AWS_REGION="),
        (having(identity=refused("ExpiredToken")), "aws", "fail", "ExpiredToken", "aws sts"),
        (having(stack=refused("ValidationError")), "stack", "fail", "no stack Dialout-dev",
         "npx cdk deploy -c env=dev"),
        (having(stack=refused("AccessDenied")), "stack", "fail", "AccessDenied", "right"),
        (having(stack="UPDATE_IN_PROGRESS"), "stack", "warn", "being changed", "doctor"),
        (having(stack="ROLLBACK_COMPLETE"), "stack", "fail", "went wrong", "npx cdk deploy"),
        (having(outputs={}), "stack", "fail", "no output ApiUrl", "npx cdk deploy"),
        (having(secrets={}), "secrets", "fail", "missing", "dialout secrets set --env dev"),
        (secret("groq/api-key", None), "secrets", "fail", "groq/api-key",
         "dialout secrets set groq/api-key --env dev"),
        (secret("groq/api-key", "gq "), "secrets", "fail", "spaces", "secrets set groq/api-key"),
        (secret("api-keys", "[]"), "secrets", "fail", "nobody may use", "dialout keys add NAME"),
        (secret("api-keys", "?"), "secrets", "fail", "cannot be read", "dialout keys add NAME"),
        (secret("twilio/auth-token", "wrong"), "twilio", "fail", "does not know", "secrets set"),
        (secret("twilio/account-sid", "SK1"), "twilio", "fail", "begin with AC", "secrets set"),
        (secret("deepgram/api-key", "wrong"), "deepgram", "fail", "401", "deepgram/api-key"),
        (says("api.deepgram.com", 403), "deepgram", "fail", "403", "deepgram/api-key"),
        (secret("groq/api-key", "wrong"), "groq", "fail", "401", "groq/api-key"),
        (says("api.groq.com", 503), "groq", "fail", "trouble of its own", "status page"),
        (lost("api.groq.com"), "groq", "fail", "reached at api.groq.com", "HTTPS_PROXY"),
        (says(ACCOUNT, 200, TRIAL), "account", "warn", "verified", "upgrade"),
        (says(ACCOUNT, 200, NEW), "account", "warn", "2 calls at once", "Trust Hub"),
        (says(ACCOUNT, 200, {"status": "suspended"}), "twilio", "fail", "suspended", "console"),
        (says(NUMBERS, 200, numbers(voice=True, number="+15550000010")), "from-number", "fail",
         "********0001 is not a number of this", "numbers list"),
        (says(NUMBERS, 200, numbers(voice=False)), "from-number", "fail", "no voice", "set.DIAL"),
        (having(settings={}), "from-number", "warn", "no default from number", "set.DIALOUT_DEF"),
        (says("Countries/US", 200, {"low_risk_numbers_enabled": False}), "geo", "fail",
         "phone US", "geo-permissions"),
        (having(settings={**SET, "DIALOUT_ALLOWED_COUNTRIES": "US,XX"}), "geo", "ok", "US, XX", ""),
        (says("Countries/US", 404), "geo", "fail", "no country US", "ALLOWED_COUNTRIES"),
        (says("Countries/US", 500), "geo", "skipped", "500", ""),
        (says("api.groq.com", 200, {"data": [{"id": "other"}]}), "models", "fail",
         "openai/gpt-oss-120b", "one of: other"),
        (says("v1/models?", 200, {"tts": [], "stt": []}), "speech", "fail", "no such voice", "tts"),
        (lost("/healthz"), "api", "fail", "reached at api.test", "npx cdk deploy"),
        (says("/healthz", 500), "api", "fail", "is ill (500)", "aws logs tail"),
        (says("/healthz", 200, {"hello": "you"}), "api", "fail", "not Dialout", "PUBLIC_API_URL"),
        (says("/status", 204), "webhook", "fail", "is not refused", "npx cdk deploy"),
        (says("/status", 403), "webhook", "fail", "another twilio/auth-token", "five minutes"),
        (lost("//ws.test"), "websocket", "fail", "reached at ws.test", "npx cdk deploy"),
        (says("//ws.test", 403), "websocket", "fail", "refuses what is signed", "cdk deploy"),
        (says("//ws.test", 101), "websocket", "fail", "did not sign is let in", "cdk deploy"),
        (says("//ws.test", 502), "websocket", "fail", "does not answer there (502)", "cdk deploy"),
        (having(outputs={"ApiUrl": API, "WsUrl": "ws://ws.test/ws"}), "websocket", "fail",
         "wss:// alone", "DIALOUT_PUBLIC_WS_URL"),
        (having(ahead=20.0), "clock", "warn", "20 s behind", "set-ntp"),
        (having(ahead=-90.0), "clock", "fail", "90 s ahead", "set-ntp"),
    ],
)  # fmt: skip
async def test_what_is_amiss_is_named(
    outside: Outside,
    amiss: Callable[[Outside], None],
    name: str,
    verdict: str,
    finding: str,
    remedy: str,
) -> None:
    amiss(outside)
    found = (await examined(outside))[name].finding
    assert (found.verdict, finding in found.text) == (verdict, True), found
    assert remedy in found.remedy
    said = json.dumps([r.as_json() for r in (await examined(outside)).values()])
    assert not [s for s in (TOKEN, FROM, '"dg"', "gq ") if s in said]


async def test_what_builds_on_a_failure_is_skipped(outside: Outside) -> None:
    outside.secrets["twilio/auth-token"] = "wrong"
    results = await examined(outside)
    for name in ("account", "from-number", "geo", "webhook", "websocket"):
        finding = results[name].finding
        assert (finding.verdict, "`twilio`" in finding.text) == ("skipped", True)
    assert results["models"].finding.verdict is Verdict.OK


async def test_the_articles_model_is_named_as_retired(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    amelia = vendors.agents.load("amelia")
    old = amelia.model_copy(
        update={"llm": amelia.llm.model_copy(update={"model": "llama-3.3-70b-versatile"})}
    )
    monkeypatch.setattr(vendors.agents, "load", lambda _: old)
    found = (await examined(outside))["models"].finding
    assert found.verdict is Verdict.FAIL
    assert "retired it for free and developer accounts on 2026-08-16" in found.text
    assert "`llm.model: openai/gpt-oss-120b`" in found.remedy


async def test_an_agent_that_cannot_be_read_is_named(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_: str) -> None:
        raise vendors.AgentError("amelia.yaml: greeting: Field required")

    monkeypatch.setattr(vendors.agents, "load", load)
    results = await examined(outside)
    assert "amelia.yaml: greeting: Field required" in results["agents"].finding.text
    assert results["models"].finding.verdict is Verdict.SKIPPED


async def test_a_default_agent_that_there_is_not_is_named(outside: Outside) -> None:
    async with client(httpx.MockTransport(outside.answer)) as http:
        patient = Patient(Settings(DIALOUT_DEFAULT_AGENT="nobody"), http, outside.aws)
        found = await vendors.agent_files(patient)
    assert (found.verdict, "'nobody'" in found.text) == ("fail", True)


async def test_another_public_url_than_the_deployed_one_is_named(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIALOUT_PUBLIC_API_URL", "https://other.test")
    found = (await examined(outside))["webhook"].finding
    assert found.verdict is Verdict.FAIL
    assert f"expects Twilio at {API}, and is asked at https://other.test" in found.text


async def test_a_check_that_stumbles_takes_no_other_with_it(outside: Outside) -> None:
    async def stumbles(_: Patient) -> Any:
        raise KeyError(TOKEN)

    async def fine(_: Patient) -> Any:
        return ok("fine")

    checks = (Check("a", "?", stumbles), Check("b", "?", fine, after=("a",)))
    async with client(httpx.MockTransport(outside.answer)) as http:
        first, second = await examine(Patient(Settings(), http, outside.aws), checks)
    assert first.finding.text == "the doctor itself stumbled here (KeyError)"
    assert second.finding.verdict is Verdict.OK


def test_one_check_brings_what_it_builds_on() -> None:
    names = [check.name for check in chosen(CHECKS, "geo")]
    assert names == ["aws", "secrets", "stack", "twilio", "geo"]
    with pytest.raises(KeyError):
        chosen(CHECKS, "weather")


def test_it_signs_as_twilio_does() -> None:
    form = {"b": "2", "a": "1", "A": "ü"}
    theirs = RequestValidator(TOKEN).compute_signature(f"{API}/status", form)
    assert sign(TOKEN, f"{API}/status", form) == theirs
    assert sign(TOKEN, WS) == RequestValidator(TOKEN).compute_signature(WS, {})
