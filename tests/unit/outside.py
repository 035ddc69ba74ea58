"""AWS, the vendors and the public addresses of cardboard, for the doctor to ask."""

import base64
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import httpx
from botocore.exceptions import ClientError
from twilio.request_validator import RequestValidator

from calls.keys import ApiKey, dump, sha256

TOKEN = "the-auth-token"
KEY = ApiKey(name="crm", sha256=sha256("k"), created_at=datetime(2026, 1, 1, tzinfo=UTC))
API, WS = "https://api.test", "wss://ws.test/ws"
FROM = "+15550000001"


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "Asked")


@dataclass
class Outside:
    """AWS, the vendors and the public addresses. Tests change what they are to suffer from."""

    secrets: dict[str, str] = field(
        default_factory=lambda: {
            "twilio/account-sid": "AC1",
            "twilio/auth-token": TOKEN,
            "deepgram/api-key": "dg",
            "groq/api-key": "gq",
            "stream-secret": "s",
            "webhook-secret": "w",
            "api-keys": dump([KEY]),
        }
    )
    identity: Exception | None = None
    stack: str | Exception = "CREATE_COMPLETE"
    outputs: dict[str, str] = field(default_factory=lambda: {"ApiUrl": API, "WsUrl": WS})
    settings: dict[str, str] = field(
        default_factory=lambda: {"DIALOUT_DEFAULT_FROM_NUMBER": FROM, "DIALOUT_PUBLIC_API_URL": API}
    )
    answers: dict[str, httpx.Response | Exception] = field(default_factory=dict)
    """By a part of the URL: said instead of what would be said there."""
    ahead: float = 0.0
    """Seconds that everybody's clock is ahead of ours."""

    def aws(self, service: str) -> Any:
        return getattr(self, f"_{service}")()

    def _sts(self) -> Any:
        def identity() -> dict[str, str]:
            if self.identity:
                raise self.identity
            return {"Account": "123456789012"}

        return SimpleNamespace(
            get_caller_identity=identity, meta=SimpleNamespace(region_name="us-east-1")
        )

    def _ssm(self) -> Any:
        def paginate(Path: str, **_: Any) -> list[dict[str, Any]]:  # noqa: N803 -- AWS's name
            found = [{"Name": f"{Path}/{n}", "Value": v} for n, v in self.secrets.items()]
            return [{"Parameters": found}]

        return SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=paginate))

    def _cloudformation(self) -> Any:
        def describe(StackName: str) -> dict[str, Any]:  # noqa: N803 -- AWS's name
            assert StackName == "Dialout-dev"
            if isinstance(self.stack, Exception):
                raise self.stack
            outputs = [{"OutputKey": k, "OutputValue": v} for k, v in self.outputs.items()]
            return {"Stacks": [{"StackStatus": self.stack, "Outputs": outputs}]}

        return SimpleNamespace(describe_stacks=describe)

    def _lambda(self) -> Any:
        return SimpleNamespace(
            get_function_configuration=lambda FunctionName: {  # noqa: N803 -- AWS's name
                "Environment": {"Variables": self.settings}
            }
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        for part, said in self.answers.items():
            if part in url:
                if isinstance(said, Exception):
                    raise said
                return said
        found = self._twilio(request) or self._vendors(request) or self._product(request)
        found.headers["Date"] = formatdate(time.time() + self.ahead, usegmt=True)
        return found

    def _twilio(self, request: httpx.Request) -> httpx.Response | None:
        if not request.url.host.endswith("twilio.com"):
            return None
        if request.headers["Authorization"] != basic("AC1", TOKEN):
            return httpx.Response(401, json={"code": 20003})
        if request.url.path.endswith("/AC1.json"):
            return httpx.Response(200, json={"status": "active", "type": "Full"})
        if "IncomingPhoneNumbers" in request.url.path:
            return httpx.Response(200, json=numbers(voice=True))
        if request.url.host == "voice.twilio.com":
            return httpx.Response(200, json={"low_risk_numbers_enabled": True})
        return httpx.Response(404)

    def _vendors(self, request: httpx.Request) -> httpx.Response | None:
        if request.url.host == "api.deepgram.com":
            if request.headers["Authorization"] != "Token dg":
                return httpx.Response(401)
            voices = [
                {"canonical_name": "aura-2-theia-en"},
                {"canonical_name": "aura-2-celeste-es"},
            ]
            ears = [{"canonical_name": "nova-3-general", "architecture": "nova-3"}]
            return httpx.Response(200, json={"tts": voices, "stt": ears})
        if request.url.host == "api.groq.com":
            if request.headers["Authorization"] != "Bearer gq":
                return httpx.Response(401)
            return httpx.Response(200, json={"data": [{"id": "openai/gpt-oss-120b"}]})
        return None

    def _product(self, request: httpx.Request) -> httpx.Response:
        signature = request.headers.get("X-Twilio-Signature", "")
        validator = RequestValidator(TOKEN)
        if request.url.path == "/healthz":
            return httpx.Response(200, json={"status": "ok"})
        if request.url.path == "/ws":
            signed = validator.validate(WS, {}, signature)
            return httpx.Response(101 if signed else 403)
        form = dict(parse_qsl(request.content.decode()))
        if not validator.validate(f"{API}{request.url.raw_path.decode()}", form, signature):
            return httpx.Response(403, json={"code": "bad_signature"})
        return httpx.Response(404, json={"code": "call_not_found"})


def basic(user: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


def numbers(*, voice: bool, number: str = FROM) -> dict[str, Any]:
    return {
        "incoming_phone_numbers": [{"phone_number": number, "capabilities": {"voice": voice}}],
        "outgoing_caller_ids": [],
    }
