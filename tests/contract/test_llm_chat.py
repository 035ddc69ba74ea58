"""What we rely on in Groq's chat endpoint, through Groq's own client and OpenAI's.

The stand-in must keep all of it. With ``GROQ_API_KEY`` set, so must the real service.
"""

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import groq
import jsonschema
import openai
import pytest

from tests.rehearsal.llm import serving

KEY = os.environ.get("GROQ_API_KEY", "")
ASKED = "What is the capital of France? Answer in one short sentence."
BYE = "Goodbye! Say goodbye and call end_call with the reason 'done'."
MODEL = "openai/gpt-oss-120b"
END_CALL = {
    "type": "function",
    "function": {
        "name": "end_call",
        "description": "Ends the call.",
        "parameters": {
            "type": "object",
            "properties": {"reason": {"type": "string"}},
            "required": ["reason"],
        },
    },
}


@dataclass(frozen=True)
class Vendor:
    base: str
    key: str

    def client(self, key: str = "") -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(api_key=key or self.key, base_url=self.base, max_retries=0)


@pytest.fixture(
    params=[
        "rehearsal",
        pytest.param(
            "groq",
            marks=[
                pytest.mark.enable_socket,
                pytest.mark.skipif(not KEY, reason="GROQ_API_KEY is not set"),
            ],
        ),
    ]
)
async def vendor(request: pytest.FixtureRequest) -> AsyncIterator[Vendor]:
    if request.param == "groq":
        yield Vendor("https://api.groq.com/openai/v1", KEY)
        return
    async with serving.serving() as base:
        yield Vendor(base, serving.KEY)


@pytest.fixture
async def client(vendor: Vendor) -> AsyncIterator[openai.AsyncOpenAI]:
    async with vendor.client() as client:
        yield client


def asking(text: str, **more: Any) -> dict[str, Any]:
    messages = [{"role": "system", "content": "You are brief."}, {"role": "user", "content": text}]
    return {"model": MODEL, "messages": messages, **more}


async def test_a_whole_answer(client: openai.AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(**asking(ASKED))
    choice = answer.choices[0]
    assert "Paris" in (choice.message.content or "")
    assert choice.message.role == "assistant"
    assert choice.finish_reason == "stop"
    assert answer.usage
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


async def test_a_streamed_answer(client: openai.AsyncOpenAI) -> None:
    options = {"include_usage": True}
    stream = await client.chat.completions.create(
        **asking(ASKED, stream=True, stream_options=options)
    )
    chunks = [chunk async for chunk in stream]
    deltas = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert deltas[0].delta.role == "assistant"
    assert "Paris" in "".join(choice.delta.content or "" for choice in deltas)
    assert [choice.finish_reason for choice in deltas if choice.finish_reason] == ["stop"]
    assert chunks[-1].usage
    assert chunks[-1].usage.completion_tokens > 0


async def test_a_streamed_tool_call(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(**asking(BYE, stream=True, tools=[END_CALL]))
    deltas = [chunk.choices[0] async for chunk in stream if chunk.choices]
    calls = [call for choice in deltas for call in choice.delta.tool_calls or []]
    assert calls[0].id
    assert calls[0].function
    assert calls[0].function.name == "end_call"
    arguments = "".join(call.function.arguments or "" for call in calls if call.function)
    assert json.loads(arguments)["reason"]
    assert [choice.finish_reason for choice in deltas if choice.finish_reason] == ["tool_calls"]


async def test_groqs_own_client(vendor: Vendor) -> None:
    host = vendor.base.removesuffix("/openai/v1")
    async with groq.AsyncGroq(api_key=vendor.key, base_url=host, max_retries=0) as client:
        stream = await client.chat.completions.create(
            **asking(ASKED, stream=True, reasoning_effort="low")
        )
        chunks = [chunk async for chunk in stream]
    assert "Paris" in "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert chunks[0].x_groq
    assert chunks[-1].x_groq
    assert chunks[-1].x_groq.usage


async def test_the_models(client: openai.AsyncOpenAI) -> None:
    models = {model.id async for model in client.models.list()}
    assert {MODEL, "openai/gpt-oss-20b"} <= models
    assert (await client.models.retrieve(MODEL)).id == MODEL


async def test_a_wrong_key(vendor: Vendor) -> None:
    async with vendor.client("wrong") as client:
        with pytest.raises(openai.AuthenticationError) as refusal:
            await client.chat.completions.create(**asking(ASKED))
    assert refusal.value.code == "invalid_api_key"


async def test_an_unknown_model(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as refusal:
        await client.chat.completions.create(**{**asking(ASKED), "model": "no-such-model"})
    assert refusal.value.code == "model_not_found"


async def test_no_messages(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError):
        await client.chat.completions.create(model=MODEL, messages=[])


SCHEMA = {
    "type": "object",
    "properties": {
        "summary": {"type": "string"},
        "outcome": {
            "type": "object",
            "properties": {
                "capital": {"type": ["string", "null"]},
                "kind": {"anyOf": [{"type": "string", "enum": ["city"]}, {"type": "null"}]},
                "tags": {"anyOf": [{"$ref": "#/$defs/tags"}, {"type": "null"}]},
            },
            "required": ["capital", "kind", "tags"],
            "additionalProperties": False,
        },
    },
    "required": ["summary", "outcome"],
    "additionalProperties": False,
    "$defs": {"tags": {"type": "array", "items": {"type": "string"}}},
}


def wanting(schema: dict[str, Any]) -> dict[str, Any]:
    told = {"name": "report", "strict": True, "schema": schema}
    return {"type": "json_schema", "json_schema": told}


async def test_an_answer_keeps_to_a_schema(client: openai.AsyncOpenAI) -> None:
    asked = asking(f"{ASKED} Report it as JSON.", response_format=wanting(SCHEMA))
    answer = await client.chat.completions.create(**asked)
    said = json.loads(answer.choices[0].message.content or "")
    jsonschema.validate(said, SCHEMA)
    assert "Paris" in said["outcome"]["capital"]


async def test_an_answer_is_json_without_a_schema(client: openai.AsyncOpenAI) -> None:
    words = f'{ASKED} Answer as JSON: {{"outcome": {{"capital": "..."}}}}'
    asked = asking(words, response_format={"type": "json_object"})
    answer = await client.chat.completions.create(**asked)
    assert "Paris" in json.loads(answer.choices[0].message.content or "")["outcome"]["capital"]


@pytest.mark.parametrize(
    "more",
    [
        {"response_format": wanting({**SCHEMA, "required": ["summary"]})},
        {"response_format": wanting(SCHEMA), "model": "llama-3.1-8b-instant"},
        {"response_format": {"type": "json_object"}},
    ],
)
async def test_a_form_that_the_model_has_not_is_refused(
    client: openai.AsyncOpenAI, more: dict[str, Any]
) -> None:
    with pytest.raises(openai.BadRequestError):
        await client.chat.completions.create(**{**asking(ASKED), **more})
