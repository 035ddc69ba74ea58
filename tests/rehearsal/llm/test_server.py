import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from rehearsal.llm.server import Server
from rehearsal.scenario import Llm, Reply, ToolCall
from tests.rehearsal.llm.serving import serving

KEY = {"Authorization": "Bearer rehearsal"}
ASK = {"model": "openai/gpt-oss-120b", "messages": [{"role": "user", "content": "Bye"}]}
TOOLS = {"tools": [{"type": "function", "function": {"name": "end_call", "parameters": {}}}]}
LLM = Llm(
    first_token_ms=200,
    token_ms=15,
    replies=(Reply(heard="bye", say="Good bye then.", call=ToolCall(name="end_call")),),
)


class Sleeps:
    """Takes no time, and remembers how long it was to take."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def sleeps() -> Sleeps:
    return Sleeps()


@pytest.fixture
async def base(sleeps: Sleeps) -> AsyncIterator[str]:
    async with serving(Server({"only": LLM}, "only", sleep=sleeps)) as base:
        yield base


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers=KEY) as session:
        yield session


async def faults(http: aiohttp.ClientSession, base: str, **wanted: object) -> None:
    async with http.put(f"{base.split('/openai')[0]}/_rehearsal/faults", json=wanted) as answer:
        assert answer.status == 200


async def events(http: aiohttp.ClientSession, base: str, **more: object) -> list[Any]:
    """The stream's events; the last one is ``[DONE]``."""
    body = {**ASK, "stream": True, **more}
    async with http.post(f"{base}/chat/completions", json=body) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        lines = (await answer.text()).split("\n\n")
    assert lines.pop() == ""
    assert lines.pop() == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines]


async def test_the_shape_of_a_stream(http: aiohttp.ClientSession, base: str) -> None:
    chunks = await events(http, base, **TOOLS, stream_options={"include_usage": True})
    *deltas, last, usage = chunks
    assert [chunk["choices"][0]["delta"] for chunk in deltas] == [
        {"role": "assistant", "content": ""},
        {"content": "Good"},
        {"content": " bye"},
        {"content": " then."},
        {
            "tool_calls": [
                {
                    "id": deltas[-1]["choices"][0]["delta"]["tool_calls"][0]["id"],
                    "type": "function",
                    "function": {"name": "end_call", "arguments": "{}"},
                    "index": 0,
                }
            ]
        },
    ]
    assert last["choices"][0]["delta"] == {}
    assert last["choices"][0]["finish_reason"] == "tool_calls"
    assert last["x_groq"]["usage"]["completion_tokens"] == 3
    assert usage["choices"] == []
    assert usage["usage"]["total_tokens"] == 4
    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}) == 1
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}


async def test_without_usage_and_tools(http: aiohttp.ClientSession, base: str) -> None:
    chunks = await events(http, base)
    assert all(chunk["choices"] for chunk in chunks)
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


async def test_the_pace_is_the_scenarios(
    http: aiohttp.ClientSession, base: str, sleeps: Sleeps
) -> None:
    await events(http, base)
    assert sleeps.seconds == [0.2, 0.015, 0.015]
    await faults(http, base, first_token_seconds=3)
    await events(http, base)
    assert sleeps.seconds[3] == 3.2


@pytest.mark.parametrize(
    "wrong",
    [{}, [], {"model": "m"}, {"messages": ASK["messages"]}, {**ASK, "messages": []},
     {**ASK, "messages": [{"role": "cat", "content": "x"}]}, {**ASK, "temperature": 3},
     {**ASK, "tools": [{}]}],
)  # fmt: skip
async def test_a_malformed_request(http: aiohttp.ClientSession, base: str, wrong: object) -> None:
    async with http.post(f"{base}/chat/completions", json=wrong) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["type"] == "invalid_request_error"


async def test_no_json_at_all(http: aiohttp.ClientSession, base: str) -> None:
    async with http.post(f"{base}/chat/completions", data=b"{") as answer:
        assert answer.status == 400


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_it_refuses_on_demand(http: aiohttp.ClientSession, base: str, status: int) -> None:
    await faults(http, base, refuse=status)
    async with http.post(f"{base}/chat/completions", json=ASK) as answer:
        assert answer.status == status
        assert "message" in (await answer.json())["error"]


async def test_it_hangs_on_demand(http: aiohttp.ClientSession, base: str) -> None:
    await faults(http, base, hang=True)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await http.post(f"{base}/chat/completions", json=ASK)


async def test_it_breaks_off_on_demand(http: aiohttp.ClientSession, base: str) -> None:
    await faults(http, base, cut_after_words=2)
    async with http.post(f"{base}/chat/completions", json={**ASK, "stream": True}) as answer:
        with pytest.raises(aiohttp.ClientError):
            await answer.read()


async def test_faults_can_be_seen_and_lifted(http: aiohttp.ClientSession, base: str) -> None:
    address = f"{base.split('/openai')[0]}/_rehearsal/faults"
    await faults(http, base, refuse=503)
    async with http.get(address) as answer:
        assert await answer.json() == {"refuse": 503}
    async with http.delete(address) as answer:
        assert await answer.json() == {}
    async with http.put(address, json={"explode": True}) as answer:
        assert answer.status == 400


async def test_only_the_named_keys(http: aiohttp.ClientSession) -> None:
    async with (
        serving(Server({"only": LLM}, "only", keys=frozenset({"right"}))) as base,
        http.get(f"{base}/models") as answer,
    ):
        assert answer.status == 401


async def test_the_command_says_where_it_listens_and_stops_when_told() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "rehearsal.llm", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    line = (await process.stdout.readline()).decode()
    address = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", line)
    assert address, line
    async with (
        aiohttp.ClientSession(headers=KEY) as http,
        http.get(f"{address[1]}/openai/v1/models") as answer,
    ):
        assert answer.status == 200
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 5) == 0


async def test_the_command_tells_which_scenarios_there_are() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "rehearsal.llm",
        "--default-scenario",
        "nowhere",
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await process.communicate()
    assert process.returncode != 0
    assert b"order-check" in complaint


async def test_a_retired_model_is_gone(http: aiohttp.ClientSession, base: str) -> None:
    await faults(http, base, retired=[ASK["model"]])
    async with http.get(f"{base}/models") as answer:
        listed = [model["id"] for model in (await answer.json())["data"]]
    assert listed
    assert ASK["model"] not in listed
    async with http.post(f"{base}/chat/completions", json=ASK) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (404, "model_not_found")
