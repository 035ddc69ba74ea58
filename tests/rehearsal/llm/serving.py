"""A Groq stand-in in this process, with scenarios of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from rehearsal.llm.server import Server
from rehearsal.scenario import Llm, Reply, ToolCall

KEY = "rehearsal"
SCENARIOS = {
    "contract": Llm(
        first_token_ms=0,
        token_ms=0,
        extraction={"outcome": {"capital": "Paris"}},
        replies=(
            Reply(heard="capital of france", say="The capital of France is Paris.", again=True),
            Reply(
                heard="goodbye",
                say="Goodbye!",
                call=ToolCall(name="end_call", arguments={"reason": "done"}),
                again=True,
            ),
        ),
    )
}


@asynccontextmanager
async def serving(server: Server | None = None) -> AsyncIterator[str]:
    """Yields its base address, as ``GROQ_BASE_URL`` has it."""
    app = (server or Server(SCENARIOS, "contract", keys=frozenset({KEY}))).application()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/openai/v1"
    finally:
        await runner.cleanup()
