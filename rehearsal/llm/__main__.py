"""``python -m rehearsal.llm``: serves until SIGTERM or SIGINT."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from aiohttp import web

from rehearsal import scenario
from rehearsal.llm.server import Server


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m rehearsal.llm", description="Stand-in for Groq, speaking from scenarios."
    )
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--scenarios", type=Path, default=scenario.FOLDER, metavar="DIR")
    parser.add_argument("--default-scenario", default="order-check", metavar="NAME")
    parser.add_argument("--key", action="append", default=[], help="the only valid API key(s)")
    return parser.parse_args()


async def serve(asked: argparse.Namespace) -> None:
    """Reads the scenarios, says where it listens, and serves until it is told to stop."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    # The default first: a name that does not exist is better told with those that do.
    wanted = [asked.default_scenario, *scenario.names(asked.scenarios)]
    parts = {name: scenario.load(name, asked.scenarios).llm for name in wanted}
    server = Server(parts, asked.default_scenario, frozenset(asked.key))
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", asked.port).start()
        port = runner.addresses[0][1]
        print(f"listening on http://127.0.0.1:{port}", flush=True)  # noqa: T201
        await stopped.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    sys.exit(asyncio.run(serve(_arguments())))
