"""The command itself."""

import asyncio
import signal
import sys
from pathlib import Path

import aiohttp


async def test_it_says_where_it_listens_and_stops_when_told(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "rehearsal.twilio",
        "--recordings", str(tmp_path / "r"),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    assert line.startswith("listening on http://127.0.0.1:")
    async with aiohttp.ClientSession() as session:
        form = {
            "To": "+15550100001",
            "From": "+15550000001",
            "Twiml": "<Response><Pause length='60'/></Response>",
        }
        account = "AC00000000000000000000000000000001"
        headers = {"Authorization": aiohttp.encode_basic_auth(account, "rehearsal-auth-token")}
        url = f"{line.split()[-1]}/2010-04-01/Accounts/{account}/Calls.json"
        async with session.post(url, data=form, headers=headers) as answer:
            assert answer.status == 201
    process.send_signal(signal.SIGTERM)
    rest, errors = await process.communicate()
    assert (process.returncode, rest, errors) == (0, b"", b"")
    assert not await asyncio.to_thread((tmp_path / "r").exists)
