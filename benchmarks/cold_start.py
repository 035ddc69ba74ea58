"""How long a cold function takes to its first answer, and a warm one.

``python -m benchmarks.cold_start [--runs 7] [--json]``. The functions' own zip, as it is deployed,
run by AWS's own runtime client against a Runtime API on loopback; DynamoDB and Parameter Store are
the local cloud's, Twilio's REST API answers at once. From the start of the process to the answer:
what Lambda does before that (a sandbox, the code's download) is not in it. In turns with a
function that only makes a client of boto3's, which is the floor. What had to wait for a core for
more than a twentieth of its time, a start or a warm answer, is thrown away.
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
from benchmarks.runtime_api import FunctionError, Processor, client_alone, function, http_event
from benchmarks.stage import AUTH_TOKEN, PUBLIC_API, Stage, stage, tell
from calls import keys
from calls.adapters.dynamodb_ledger import DynamoLedger
from calls.call import now
from calls.seats import Beat
from infra.function_bundle import FunctionBundle
from infra.product_function import START
from rehearsal.cloud.client import client

BOUNDS_MS = {"/twiml": 300, "/dialout": 600}
WARM_MS = 15
FLOOR = "boto3 client alone"
_DISTURBED = 0.05
_FLOOR_PROGRAM = """
import boto3

def handler(event, context):
    boto3.client("dynamodb")
    return {"statusCode": 200}
"""
API_KEY = "key-of-the-benchmark"
_ROOT = Path(__file__).parent.parent

Event = Callable[[], Awaitable[dict[str, Any]]]


@dataclass
class Found:
    """Milliseconds to an answer."""

    cold: list[float] = field(default_factory=list)
    cold_cpu: list[float] = field(default_factory=list)
    """Of the processor, in the same starts."""
    warm: list[float] = field(default_factory=list)
    disturbed: int = 0
    """Starts that were thrown away."""


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
    """Both functions and the floor, in turns, until there are so many starts of each; of a machine
    that is never quiet, fewer."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        task = await asyncio.to_thread(unpacked, folder)
        path = [task, await asyncio.to_thread(client_alone, folder), folder]
        (folder / "floor.py").write_text(_FLOOR_PROGRAM, encoding="utf-8")
        async with stage() as on, twilio() as rest:
            await asyncio.to_thread(_furnish, on)
            environment = {
                **on.environment,
                **START,
                "TWILIO_API_BASE_URL": rest,
                "POWERTOOLS_SERVICE_NAME": "bench",
                "DIALOUT_CALLS_PER_SECOND": "1000",
                "DIALOUT_MAX_CONCURRENT_CALLS": "1000000",
                "DIALOUT_CALLING_WINDOW": "00:00-24:00",
                "DIALOUT_MAX_CALLS_PER_NUMBER_PER_DAY": "0",
            }
            events: dict[str, tuple[str, Event]] = {
                FLOOR: ("floor.handler", lambda: _answered(on)),
                "/twiml": ("functions.twiml.handler", lambda: _answered(on)),
                "/dialout": ("functions.dialout.handler", lambda: _dialled(on)),
            }
            found = {name: Found() for name in events}
            for handler, event in events.values():  # fills the machine's file cache
                await _measured(Found(), handler, path, environment, event)
            for _ in range(runs * 3):
                for name, (handler, event) in events.items():
                    if len(found[name].cold) < runs:
                        await _measured(found[name], handler, path, environment, event)
            return found


async def _measured(
    found: Found, handler: str, path: list[Path], environment: dict[str, str], event: Event
) -> None:
    first = await event()
    async with function(handler, path, environment) as started:
        answer = await started.invocations.invoke(first, started.began)
        spent = Processor.of(started.pid)
        _check(answer.body)
        if spent.waited > _DISTURBED * answer.seconds:
            found.disturbed += 1
            return
        found.cold.append(answer.seconds * 1000)
        found.cold_cpu.append(spent.had * 1000)
        for _ in range(5):
            following = await event()
            before = Processor.of(started.pid).waited
            answer = await started.invocations.invoke(following)
            _check(answer.body)
            if Processor.of(started.pid).waited - before <= _DISTURBED * answer.seconds:
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


def _row(found: Found, floor_ms: float) -> dict[str, float]:
    cpu = median(found.cold_cpu)
    return {
        "cold_ms": round(median(found.cold)),
        "cpu_ms": round(cpu),
        "times_floor": round(cpu / floor_ms, 2),
        "warm_ms": round(median(found.warm), 1),
        "starts": len(found.cold),
        "disturbed": found.disturbed,
    }


def _bound(ms: int | None) -> str:
    return "the floor" if ms is None else f"bound {ms}"


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
    if not all(each.cold and each.warm for each in found.values()):
        tell("every start was disturbed: nothing was measured")
        return 1
    floor = median(found[FLOOR].cold_cpu)
    rows = {name: _row(each, floor) for name, each in found.items()}
    over = False
    for name, row in rows.items():
        late = row["cold_ms"] > BOUNDS_MS.get(name, row["cold_ms"])
        late = late or (name in BOUNDS_MS and row["warm_ms"] > WARM_MS)
        over = over or late
        tell(
            f"{name:19}cold {row['cold_ms']:5} ms ({_bound(BOUNDS_MS.get(name))})   "
            f"processor {row['cpu_ms']:5} ms, {row['times_floor']:4} x the floor   "
            f"warm {row['warm_ms']:5} ms ({_bound(WARM_MS if name in BOUNDS_MS else None)})   "
            f"n {row['starts']}, thrown away {row['disturbed']}{'  OVER' if late else ''}"
        )
    if given.json:
        tell(json.dumps({"machine": machine, **rows}))
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
