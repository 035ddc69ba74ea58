"""``python -m rehearsal.deepgram``, as the rehearsal starts it."""

import asyncio
import re
import signal
import sys

import aiohttp
import pytest


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_where_it_listens_and_stops_when_told(number: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "rehearsal.deepgram", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    line = (await process.stdout.readline()).decode()
    address = re.fullmatch(r"listening on ws://(127\.0\.0\.1:\d+)\n", line)
    assert address, line
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(
            f"http://{address[1]}/v1/speak", headers={"Authorization": "Token k"}
        ) as open_stream,
    ):
        await open_stream.receive_json()
        process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), 5) == 0
    assert await process.stdout.read() == b""
