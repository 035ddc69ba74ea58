"""The doctor on vendors that are asked only where an agent names them."""

from typing import Any

import httpx
import pytest

from calls import agents
from calls.agent import Agent
from calls.settings import Settings
from dialout import secrets
from dialout.doctor import others, vendors
from dialout.doctor.finding import Finding
from dialout.doctor.patient import Patient, client

CHECKS = {"openai": others.openai, "anthropic": others.anthropic, "cartesia": others.cartesia}
NAMES = {
    "openai": {"llm": {"fallback": [{"vendor": "openai"}]}},
    "anthropic": {"llm": {"vendor": "anthropic"}},
    "cartesia": {"tts": {"vendor": "cartesia", "voice": "v"}},
}
SERVED = {"data": [{"id": "gpt-4.1"}, {"id": "claude-haiku-4-5-20251001"}]}


def agent(**choices: Any) -> Agent:
    return Agent.model_validate({"name": "a", "prompt": "p", **choices})


async def found(
    vendor: str, answer: httpx.Response, key: str | None = "k", **choices: Any
) -> tuple[Finding, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer

    async with client(httpx.MockTransport(take)) as http:
        patient = Patient(Settings(), http)
        patient.agents = [agent(**choices)]
        patient.secrets = {f"{vendor}/api-key": key} if key else {}
        return await CHECKS[vendor](patient), asked


@pytest.mark.parametrize("vendor", CHECKS)
async def test_nobody_is_asked_for_whom_no_agent_asks(vendor: str) -> None:
    finding, asked = await found(vendor, httpx.Response(500))
    assert (finding.verdict, asked) == ("ok", [])


@pytest.mark.parametrize("vendor", CHECKS)
async def test_the_key_is_tried(vendor: str) -> None:
    body = [] if vendor == "cartesia" else SERVED
    finding, (asked,) = await found(vendor, httpx.Response(200, json=body), **NAMES[vendor])
    assert finding.verdict == "ok"
    assert "takes the key" in finding.text
    assert asked.url.scheme == "https"
    assert "k" in {value.removeprefix("Bearer ") for value in asked.headers.values()}


@pytest.mark.parametrize("vendor", CHECKS)
async def test_a_key_that_is_refused_or_missing_is_said(vendor: str) -> None:
    finding, _ = await found(vendor, httpx.Response(401), **NAMES[vendor])
    assert (finding.verdict, "401" in finding.text) == ("fail", True)
    assert f"secrets set {vendor}/api-key" in finding.remedy
    finding, asked = await found(vendor, httpx.Response(200), key=None, **NAMES[vendor])
    assert (finding.verdict, asked) == ("skipped", [])


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
async def test_a_model_that_is_not_served_is_named(vendor: str) -> None:
    choices = {"llm": {"vendor": vendor, "model": "gone"}}
    finding, _ = await found(vendor, httpx.Response(200, json=SERVED), **choices)
    assert (finding.verdict, "wants gone" in finding.text) == ("fail", True)
    assert "agents/a.yaml" in finding.remedy


async def test_a_vendor_whose_package_is_not_in_the_image_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(agents, "load", lambda _: agent(llm={"vendor": "anthropic"}))
    async with client(httpx.MockTransport(lambda _: httpx.Response(500))) as http:
        finding = await vendors.agent_files(Patient(Settings(), http))
    assert finding.verdict == "fail"
    assert "the image leaves out" in finding.text
    assert "extra `anthropic`" in finding.remedy


def test_only_the_secrets_that_agents_need_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(secrets.wanted()) == set(secrets.GIVEN)
    monkeypatch.setattr(agents, "load", lambda _: agent(**NAMES["openai"]))
    assert set(secrets.wanted()) == {*secrets.GIVEN, "openai/api-key"}
