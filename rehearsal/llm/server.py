"""The chat endpoint, as an aiohttp application."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web
from pydantic import ValidationError

from rehearsal.llm import errors, extraction
from rehearsal.llm.chat import MODELS, ChatRequest
from rehearsal.llm.completion import Completion
from rehearsal.llm.conversation import Answer, answer, part
from rehearsal.llm.faults import Faults
from rehearsal.scenario import Llm

Sleep = Callable[[float], Awaitable[None]]


@dataclass
class Server:
    """Groq's paths, and ``/_rehearsal/faults``.

    Args:
        scenarios: name → the LLM's part in it.
        default: the scenario that answers where no ``match`` is found.
        keys: the only API keys that are valid; none: any key is.
        sleep: takes seconds.
    """

    scenarios: Mapping[str, Llm]
    default: str
    keys: frozenset[str] = frozenset()
    sleep: Sleep = asyncio.sleep
    faults: Faults = field(default_factory=Faults)

    def application(self) -> web.Application:
        app = web.Application(middlewares=[_refusals])
        app.router.add_post("/openai/v1/chat/completions", self.chat)
        app.router.add_get("/openai/v1/models", self.models)
        app.router.add_get("/openai/v1/models/{model:.+}", self.model)
        app.router.add_get("/_rehearsal/faults", self.show_faults)
        app.router.add_put("/_rehearsal/faults", self.set_faults)
        app.router.add_delete("/_rehearsal/faults", self.clear_faults)
        return app

    async def chat(self, request: web.Request) -> web.StreamResponse:
        self._admit(request)
        try:
            asked = ChatRequest.model_validate_json(await request.read())
        except ValidationError as error:
            raise errors.malformed(error) from error
        if asked.model not in self._served:
            raise errors.no_such_model(asked.model)
        if self.faults.hang:
            await asyncio.Event().wait()
        llm, said = self._answer(asked)
        completion = Completion(asked, said)
        await self.sleep(llm.first_token_ms / 1000 + self.faults.first_token_seconds)
        if asked.stream:
            return await self._stream(request, completion, llm.token_ms / 1000)
        await self.sleep(llm.token_ms / 1000 * len(completion.answer.say.split()))
        return web.json_response(completion.whole())

    def _answer(self, asked: ChatRequest) -> tuple[Llm, Answer]:
        form = asked.response_format
        if form is None or not form.is_json:
            llm = part(self.scenarios, self.default, asked.system, asked.since)
            return llm, answer(llm, asked)
        extraction.check(form, asked.model, asked.text, stream=asked.stream)
        # Of a call that is over: its scenario is known by what was said.
        llm = part(self.scenarios, self.default, asked.text, asked.since)
        return llm, Answer(extraction.extracted(llm.extraction, form))

    async def models(self, request: web.Request) -> web.Response:
        self._admit(request)
        data = [_model(name) for name in self._served]
        return web.json_response({"object": "list", "data": data})

    async def model(self, request: web.Request) -> web.Response:
        self._admit(request)
        name = request.match_info["model"]
        if name not in self._served:
            raise errors.no_such_model(name)
        return web.json_response(_model(name))

    async def show_faults(self, _: web.Request) -> web.Response:
        return web.json_response(self.faults.model_dump(mode="json", exclude_defaults=True))

    async def set_faults(self, request: web.Request) -> web.Response:
        try:
            self.faults = Faults.model_validate_json(await request.read())
        except ValidationError as error:
            return web.json_response({"detail": error.errors(include_url=False)}, status=400)
        return await self.show_faults(request)

    async def clear_faults(self, request: web.Request) -> web.Response:
        self.faults = Faults()
        return await self.show_faults(request)

    @property
    def _served(self) -> list[str]:
        return [name for name in MODELS if name not in self.faults.retired]

    def _admit(self, request: web.Request) -> None:
        if self.faults.refuse:
            raise errors.switched_on(self.faults.refuse)
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        known = scheme.lower() == "bearer" and key.strip()
        if not known or (self.keys and key.strip() not in self.keys):
            raise errors.unauthorized()

    async def _stream(
        self, request: web.Request, completion: Completion, a_word: float
    ) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        await response.write(completion.opening())
        for position, event in enumerate(completion.words()):
            if position:
                await self.sleep(a_word)
            if position == self.faults.cut_after_words:
                return _cut(request, response)
            await response.write(event)
        for event in completion.closing():
            await response.write(event)
        await response.write_eof()
        return response


def _cut(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport:
        request.transport.abort()
    return response


def _model(name: str) -> dict[str, object]:
    return {
        "id": name,
        "object": "model",
        "created": 1_700_000_000,
        "owned_by": MODELS[name],
        "active": True,
        "context_window": 131_072,
    }


@web.middleware
async def _refusals(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except errors.RefusedError as refusal:
        return web.json_response(refusal.body, status=refusal.status)
