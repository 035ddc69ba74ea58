"""How long a cold function takes to its first answer, and a warm one.

``python -m benchmarks.cold_start [--runs 7] [--json]``. The functions' own zip, as it is deployed,
run by AWS's own runtime client against a Runtime API on loopback; DynamoDB and Parameter Store are
the local cloud's, Twilio's REST API answers at once. From the start of the process to the answer:
what Lambda does before that (a sandbox, the code's download) is not in it.
"""

import argparse
import asyncio
import json
import sys
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from twilio.request_validator import RequestValidator

from benchmarks.load import Ticks, since
from benchmarks.runtime_api import FunctionError, client_alone, function, http_event
from benchmarks.stage import AUTH_TOKEN, PUBLIC_API, Stage, stage, tell
from calls import keys
from calls.adapters.dynamodb_ledger import DynamoLedger
from calls.call import now
from calls.seats import Beat
from infra.function_bundle import FunctionBundle
from rehearsal.cloud.client import client

BOUNDS_MS = {"/twiml": 300, "/dialout": 600}
WARM_MS = 15
API_KEY = "key-of-the-benchmark"
_ROOT = Path(__file__).parent.parent

Event = Callable[[], Awaitable[dict[str, Any]]]


@dataclass
class Found:
    """Milliseconds to an answer."""

    cold: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)


def unpacked(folder: Path) -> Path:
    """The functions' zip, built for this machine, as Lambda lays it."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    archive = folder / "functions.zip"
    FunctionBundle("x86_64", python, _ROOT).build(archive)
    task = folder / "task"
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(task)
    return task


@asynccontextmanager
async def twilio() -> AsyncIterator[str]:
    """Twilio's REST API, as far as a call is placed; its address."""
    placed = 0

    async def create(_: web.Request) -> web.Response:
        nonlocal placed
        placed += 1
        return web.json_response({"sid": f"CA{placed:032}", "status": "queued"}, status=201)

    app = web.Application()
    app.router.add_post("/2010-04-01/Accounts/{account}/Calls.json", create)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def measure(runs: int) -> dict[str, Found]:
    """Both functions, in turns."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        task = await asyncio.to_thread(unpacked, folder)
        path = [task, await asyncio.to_thread(client_alone, folder)]
        async with stage() as on, twilio() as rest:
            await asyncio.to_thread(_furnish, on)
            environment = {
                **on.environment,
                "TWILIO_API_BASE_URL": rest,
                "POWERTOOLS_SERVICE_NAME": "bench",
                "DIALOUT_CALLS_PER_SECOND": "1000",
                "DIALOUT_CALLING_WINDOW": "00:00-24:00",
                "DIALOUT_MAX_CALLS_PER_NUMBER_PER_DAY": "0",
            }
            events: dict[str, tuple[str, Event]] = {
                "/twiml": ("functions.twiml.handler", lambda: _answered(on)),
                "/dialout": ("functions.dialout.handler", lambda: _dialled(on)),
            }
            found = {name: Found() for name in events}
            for _ in range(runs + 1):  # the first of each fills the machine's file cache
                for name, (handler, event) in events.items():
                    await _measured(found[name], handler, path, environment, event)
            for each in found.values():
                del each.cold[0]
            return found


async def _measured(
    found: Found, handler: str, path: list[Path], environment: dict[str, str], event: Event
) -> None:
    first = await event()
    async with function(handler, path, environment) as (invocations, began):
        answer = await invocations.invoke(first, began)
        _check(answer.body)
        found.cold.append(answer.seconds * 1000)
        for _ in range(5):
            answer = await invocations.invoke(await event())
            _check(answer.body)
            found.warm.append(answer.seconds * 1000)


def _check(answer: dict[str, Any]) -> None:
    if answer.get("statusCode") not in (200, 201):
        raise FunctionError(f"answered {answer}")


async def _answered(on: Stage) -> dict[str, Any]:
    """Twilio asks what to do with a call that was answered."""
    call = await asyncio.to_thread(on.call)
    form = {"CallSid": call.call_sid or "", "CallStatus": "in-progress", "From": call.from_number}
    query = f"call_id={call.call_id}&leg=1"
    signature = RequestValidator(AUTH_TOKEN).compute_signature(f"{PUBLIC_API}/twiml?{query}", form)
    headers = {
        "content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature,
    }  # fmt: skip
    return http_event("POST /twiml", query=query, body=urlencode(form), headers=headers)


async def _dialled(on: Stage) -> dict[str, Any]:
    """Somebody is to be phoned."""
    await asyncio.to_thread(_beat, on)
    body = json.dumps({"to_number": "+15550100001", "from_number": "+15550000001"})
    headers = {"authorization": f"Bearer {API_KEY}", "content-type": "application/json"}
    return http_event("POST /dialout", body=body, headers=headers)


def _furnish(on: Stage) -> None:
    key = keys.ApiKey(name="bench", sha256=keys.sha256(API_KEY), created_at=now())
    client("ssm", on.environment["AWS_ENDPOINT_URL"]).put_parameter(
        Name="/dialout/bench/api-keys", Value=keys.dump([key]), Type="SecureString"
    )


def _beat(on: Stage) -> None:
    ledger = DynamoLedger(
        on.environment["DIALOUT_TABLE"], client("dynamodb", on.environment["AWS_ENDPOINT_URL"])
    )
    ledger.beat(Beat("bench", seats=1_000_000, live=0, draining=False, at=now()))


def main() -> int:
    """Print a row a function."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cold_start")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    before = Ticks.now()
    found = asyncio.run(measure(given.runs))
    machine = since(before)
    tell(machine)
    rows = {
        name: {"cold_ms": round(median(each.cold)), "warm_ms": round(median(each.warm), 1)}
        for name, each in found.items()
    }
    over = False
    for name, row in rows.items():
        late = row["cold_ms"] > BOUNDS_MS[name] or row["warm_ms"] > WARM_MS
        over = over or late
        tell(
            f"{name:10}cold {row['cold_ms']:5} ms (bound {BOUNDS_MS[name]})   "
            f"warm {row['warm_ms']:5} ms (bound {WARM_MS})   n {len(found[name].cold)}"
            f"{'  OVER' if late else ''}"
        )
    if given.json:
        tell(json.dumps({"machine": machine, **rows}))
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
