"""``python -m rehearsal.deepgram``: serves until SIGTERM or SIGINT."""

import argparse
import asyncio
import signal
import sys

from aiohttp import web

from rehearsal.deepgram.recognizer import Moonshine
from rehearsal.deepgram.server import Options, Server
from rehearsal.deepgram.voice import Pico


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m rehearsal.deepgram", description="Stand-in for Deepgram, on this machine."
    )
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--stt-ms", type=float, default=0, help="delay of every final transcript")
    parser.add_argument("--tts-ms", type=float, default=0, help="delay of every reply's audio")
    parser.add_argument("--key", action="append", default=[], help="the only valid API key(s)")
    return parser.parse_args()


async def serve(asked: argparse.Namespace) -> None:
    """Loads the models, says where it listens, and serves until it is told to stop."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    recognizer, voice = Moonshine(), Pico()
    options = Options(frozenset(asked.key), asked.stt_ms / 1000, asked.tts_ms / 1000)
    runner = web.AppRunner(
        Server(recognizer, voice, options).application(), access_log=None, shutdown_timeout=2
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", asked.port)
        await site.start()
        port = runner.addresses[0][1]
        print(f"listening on ws://127.0.0.1:{port}", flush=True)  # noqa: T201
        await stopped.wait()
    finally:
        await runner.cleanup()
        recognizer.close()
        voice.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(serve(_arguments())))
