"""What everyone does who asks an LLM for JSON: the tests' fake, and the adapter on each protocol.

The vendors' servers are local here; their answers are as the API references give them.
"""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import jsonschema
import pytest

from calls.adapters import llm_completion
from calls.adapters.llm_completion import LlmCompletion
from calls.agent import Agent
from calls.debrief import answer_schema, request
from calls.ports import Completion, CompletionError, UnreadableAnswerError
from calls.settings import Settings
from tests.fakes import FakeCompletion, FakeSecrets
from tests.unit.test_debrief import GOOD, SURVEY, TALK

KEYS = FakeSecrets({f"{name}/api-key": f"key-of-{name}" for name in ("groq", "openai")})
KEYS["anthropic/api-key"] = "key-of-anthropic"


def agent(vendor: str = "groq", **llm: Any) -> Agent:
    return Agent.model_validate(
        {
            "name": "survey",
            "prompt": "Ask.",
            "outcome": SURVEY,
            "llm": {"vendor": vendor, **llm},
        }
    )


class Vendor:
    """A server that answers in turn, the last for ever, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                body = json.loads(self.rfile.read(length))
                headers = {name.lower(): value for name, value in self.headers.items()}
                vendor.requests.append((self.path, headers, body))
                status, answer = vendor.next()
                sent = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    def next(self) -> tuple[int, Any]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    vendor = Vendor()
    yield vendor
    vendor.stop()


@pytest.fixture
def completion(vendor: Vendor) -> Iterator[LlmCompletion]:
    settings = Settings(
        groq_base_url=f"{vendor.url}/openai/v1/",
        openai_base_url=f"{vendor.url}/v1",
        anthropic_base_url=vendor.url,
    )
    with httpx.Client(timeout=5) as client:
        yield LlmCompletion(settings, KEYS, client=client)


def chat(text: str | None) -> tuple[int, Any]:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return 200, {"id": "1", "object": "chat.completion", "choices": [choice]}


def message(text: str) -> tuple[int, Any]:
    content = [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": text}]
    return 200, {"id": "1", "type": "message", "role": "assistant", "content": content}


SAYS: dict[str, Callable[[str], tuple[int, Any]]] = {
    "groq": chat, "openai": chat, "anthropic": message,
}  # fmt: skip
Asking = Callable[..., dict[str, Any]]


@pytest.fixture(params=["fake", "groq", "openai", "anthropic"])
def asking(request: pytest.FixtureRequest, vendor: Vendor, completion: Completion) -> Asking:
    """Asks whoever is under test; its answers come first."""

    def ask(*answers: Any) -> dict[str, Any]:
        if request.param == "fake":
            fake = FakeCompletion([
                each if isinstance(each, dict) else UnreadableAnswerError() for each in answers
            ])  # fmt: skip
            return asked(fake, agent())
        texts = [each if isinstance(each, str) else json.dumps(each) for each in answers]
        vendor.answers = [SAYS[request.param](text) for text in texts]
        return asked(completion, agent(request.param))

    return ask


def asked(completion: Completion, of: Agent) -> dict[str, Any]:
    return completion.ask(of, request(of, TALK), answer_schema(of))


def test_an_answer_is_an_object(asking: Asking) -> None:
    assert asking(GOOD) == GOOD


@pytest.mark.parametrize("text", ["", "I cannot.", "[1, 2]", '{"summary": "A ca'])
def test_what_is_no_object_is_told_from_no_answer(asking: Asking, text: str) -> None:
    with pytest.raises(UnreadableAnswerError):
        asking(text)


def test_a_fence_around_it_does_no_harm(vendor: Vendor, completion: LlmCompletion) -> None:
    vendor.answers = [chat(f"Here it is:\n```json\n{json.dumps(GOOD)}\n```")]
    assert asked(completion, agent()) == GOOD


@pytest.mark.parametrize(
    ("name", "path"), [("groq", "/openai/v1/chat/completions"), ("openai", "/v1/chat/completions")]
)
def test_chat_completions_are_asked_by_the_book(
    vendor: Vendor, completion: LlmCompletion, name: str, path: str
) -> None:
    vendor.answers = [chat(json.dumps(GOOD))]
    of = agent(name, model="the-model", reasoning_effort="low", temperature=1.0, max_tokens=60)
    asked(completion, of)
    ((asked_path, headers, body),) = vendor.requests
    assert asked_path == path
    assert headers["authorization"] == f"Bearer key-of-{name}"
    assert headers["content-type"] == "application/json"
    assert body["model"] == "the-model"
    assert body["reasoning_effort"] == "low"
    assert body["messages"] == request(of, TALK)
    # An agent's own limit is for what it speaks.
    assert body["max_completion_tokens"] > 1000
    form = body["response_format"]
    assert (form["type"], form["json_schema"]["strict"]) == ("json_schema", True)
    jsonschema.validate(GOOD, form["json_schema"]["schema"])


def test_anthropic_is_asked_by_the_book(vendor: Vendor, completion: LlmCompletion) -> None:
    vendor.answers = [message(json.dumps(GOOD))]
    of = agent("anthropic", reasoning_effort="low")
    asked(completion, of)
    ((path, headers, body),) = vendor.requests
    assert path == "/v1/messages"
    assert (headers["x-api-key"], headers["anthropic-version"]) == (
        "key-of-anthropic", "2023-06-01",
    )  # fmt: skip
    system, *rest = request(of, TALK)
    assert (body["system"], body["messages"]) == (system["content"], rest)
    assert body["max_tokens"] > 1000
    form = body["output_config"]["format"]
    assert form["type"] == "json_schema"
    jsonschema.validate(GOOD, form["schema"])


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("name", ["groq", "openai", "anthropic"])
def test_a_model_without_structured_output_is_asked_for_json(
    vendor: Vendor, completion: LlmCompletion, name: str, status: int
) -> None:
    vendor.answers = [(status, {"error": {"message": "no"}}), SAYS[name](json.dumps(GOOD))]
    assert asked(completion, agent(name)) == GOOD
    _, (_, _, body) = vendor.requests
    if name == "anthropic":
        assert "output_config" not in body
    else:
        assert body["response_format"] == {"type": "json_object"}


def test_a_schema_that_nobody_is_held_to_is_told_in_words(
    vendor: Vendor, completion: LlmCompletion
) -> None:
    vendor.answers = [chat(json.dumps(GOOD))]
    anything = {**SURVEY, "properties": {**SURVEY["properties"], "more": True}}
    of = agent().model_copy(update={"outcome": anything})
    asked(completion, of)
    ((_, _, body),) = vendor.requests
    assert body["response_format"] == {"type": "json_object"}
    assert "more" in body["messages"][0]["content"]


@pytest.mark.parametrize(
    "answer",
    [
        (401, {"error": {}}), (404, {}), (429, {}), (500, b"oops"), (503, {}), (302, {}),
        (200, b"<html>"), (200, {}), (200, {"choices": []}), (200, []), (400, {"error": {}}),
        (200, b" " * (llm_completion.MAX_ANSWER_BYTES + 1)),
    ],
)  # fmt: skip
def test_no_answer_is_told_without_what_was_sent(
    vendor: Vendor, completion: LlmCompletion, answer: tuple[int, Any]
) -> None:
    vendor.answers = [answer]
    with pytest.raises(CompletionError) as caught:
        asked(completion, agent())
    for secret in ("key-of-groq", "one to five", vendor.url):
        assert secret not in str(caught.value)


def test_a_fallback_answers_for_a_vendor_that_is_down(
    vendor: Vendor, completion: LlmCompletion
) -> None:
    vendor.answers = [(503, {}), message(json.dumps(GOOD))]
    assert asked(completion, agent("openai", fallback=[{"vendor": "anthropic"}])) == GOOD
    assert [path for path, _, _ in vendor.requests] == ["/v1/chat/completions", "/v1/messages"]


def test_a_key_that_is_not_set_is_named(vendor: Vendor) -> None:
    completion = LlmCompletion(Settings(groq_base_url=vendor.url), FakeSecrets())
    with pytest.raises(CompletionError, match=r"groq/api-key.*dialout secrets set"):
        asked(completion, agent())


def test_a_vendor_that_takes_too_long_is_not_waited_for(vendor: Vendor) -> None:
    times = iter([0.0, 0.0, llm_completion.SECONDS + 1, llm_completion.ASK_SECONDS + 1])
    vendor.answers = [chat(json.dumps(GOOD))]
    with httpx.Client() as client:
        completion = LlmCompletion(
            Settings(groq_base_url=vendor.url), KEYS, client=client, clock=lambda: next(times)
        )
        # And no fallback is begun, once the time for all of them is over.
        with pytest.raises(CompletionError, match="too long"):
            asked(completion, agent(fallback=[{"vendor": "openai"}]))
    assert len(vendor.requests) == 1


def test_a_vendor_that_is_not_there(completion: LlmCompletion, vendor: Vendor) -> None:
    nowhere = LlmCompletion(Settings(groq_base_url="http://127.0.0.1:1"), KEYS)
    with pytest.raises(CompletionError, match="no answer: ConnectError"):
        asked(nowhere, agent())
    nowhere._client.close()
