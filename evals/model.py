"""Where the stand-ins for a model are asked: OpenAI's chat endpoint, one path a callee."""

from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager, suppress

from aiohttp import web
from pydantic import ValidationError

from evals.stand_in import StandIn
from rehearsal.llm.chat import ChatRequest
from rehearsal.llm.completion import Completion


@asynccontextmanager
async def serving(stand_ins: MutableMapping[str, StandIn]) -> AsyncIterator[str]:
    """The address of a server that answers at ``/<key of stand_ins>/openai/v1``."""

    async def chat(request: web.Request) -> web.StreamResponse:
        try:
            asked = ChatRequest.model_validate_json(await request.read())
            stand_in = stand_ins[request.match_info["callee"]]
        except (ValidationError, KeyError) as error:
            return web.json_response({"error": {"message": str(error)}}, status=400)
        completion = Completion(asked, stand_in.answer(asked))
        if not asked.stream:
            return web.json_response(completion.whole())
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with suppress(ConnectionResetError):  # Who asked was interrupted.
            for event in (completion.opening(), *completion.words(), *completion.closing()):
                await response.write(event)
            await response.write_eof()
        return response

    app = web.Application()
    app.router.add_post("/{callee}/openai/v1/chat/completions", chat)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
