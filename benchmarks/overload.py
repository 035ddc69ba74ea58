"""More streams than seats: whether those who talk hear it. Their sound with a crowd at the door.

``python -m benchmarks.overload [--seats 4] [--knocks 20] [--rounds 3] [--json]``; exits 1 where the
crowd makes the sound stutter, a stream of it is let in, or the task is called unhealthy.

One media process with every seat taken. Each callee hears a greeting of some ten seconds, which
their phone plays as it comes. In every second round a crowd of further streams is there at once:
calls for which there is no seat, streams without a signature, with a forged token, with no `start`
at all, and some that send whatever comes to their mind as fast as they can.

The figures, of all callees of the rounds with and without the crowd (medians of the rounds):

``silent_ms``
    For so long phones had nothing to play in the middle of the greeting: what is heard as stutter.
``in_hand_ms``
    The least sound that a phone had in hand, of the 600 ms that are sent ahead: how near it came.
"""

import argparse
import asyncio
import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from itertools import cycle, islice
from statistics import median
from typing import Any

import httpx
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from benchmarks.caller import Caller, calling
from benchmarks.load import Ticks, since
from benchmarks.stage import Stage, stage, tell

BYTES_PER_SECOND = 8000
SETTLED_SECONDS = 1.0
"""Of a greeting, until a phone has in hand what is sent ahead."""
GREETED_SECONDS = 9.0
"""So long a greeting is listened to; it lasts longer."""
KNOCK_AFTER_SECONDS = 2.0
STUTTER_MS = 100
"""More silence than without the crowd, of all callees together: what a busy machine may add."""
BETWEEN_SECONDS = 2.0
"""Between two rounds: places are free when the last vendor has let go."""
REFUSED, SENT_ON = 1008, 1012
FLOOD = [
    "", "{", "[]", '{"event": "media"}', '{"event": "start"}', b"\x00" * 4000, "x" * 60_000,
    json.dumps({"event": "mark", "streamSid": "MZ0", "mark": {"name": "m" * 10_000}}),
]  # fmt: skip


def in_hand(sounds: list[tuple[float, bytes]]) -> tuple[float, float]:
    """The least sound that a phone had in hand, and for how long it had none; both in seconds.

    Args:
        sounds: when each came, in seconds, and its mu-law: one utterance without a pause.
    """
    least, silent = float("inf"), 0.0
    began, ends = sounds[0][0], sounds[0][0]
    for at, mulaw in sounds:
        if at - began >= SETTLED_SECONDS:
            least = min(least, ends - at)
            silent += max(0.0, at - ends)
        ends = max(ends, at) + len(mulaw) / BYTES_PER_SECOND
    return least, silent


@dataclass
class Sound:
    """What all callees heard, a figure a round."""

    silent_ms: list[float] = field(default_factory=list)
    in_hand_ms: list[float] = field(default_factory=list)

    def add(self, callers: list[Caller]) -> None:
        """One round's."""
        found = [in_hand(caller.sounds) for caller in callers]
        self.in_hand_ms.append(1000 * min(least for least, _ in found))
        self.silent_ms.append(1000 * sum(silent for _, silent in found))


@dataclass(frozen=True)
class Figures:
    """What a run is measured by; see the module."""

    seats: int
    knocks: int
    """In each round with a crowd."""
    silent_ms_alone: int
    silent_ms_crowded: int
    in_hand_ms_alone: int
    in_hand_ms_crowded: int
    let_in: int
    """Streams of the crowd that were not turned away within ten seconds."""
    unhealthy: int
    """Answers of `/healthz` that were not 200."""
    cut: int
    """Calls that were over before their time."""

    @property
    def good(self) -> bool:
        """Whether nobody inside noticed, and nobody else came in."""
        stutter = self.silent_ms_crowded - self.silent_ms_alone
        return stutter <= STUTTER_MS and not (self.let_in or self.unhealthy or self.cut)


class Crowd:
    """Streams that knock at a full task."""

    def __init__(self, on: Stage, url: str) -> None:
        self._on = on
        self._url = url
        self.met: Counter[str] = Counter()

    async def knock(self, knocks: int) -> None:
        """So many at once, of every kind."""
        kinds = (self._call, self._unsigned, self._forged, self._mute, self._flood)
        await asyncio.gather(*(self._met(kind) for kind in islice(cycle(kinds), knocks)))

    async def _met(self, kind: Callable[[], Awaitable[int | None]]) -> None:
        try:
            async with asyncio.timeout(10):
                code = await kind()
        except InvalidStatus as refused:
            code = refused.response.status_code
        except TimeoutError:
            code = None
        self.met[str(code) if code in (REFUSED, SENT_ON, 403) else "let in"] += 1

    async def _call(self) -> int | None:
        """A call like those inside, for which there is no seat."""
        return await self._started(self._on.stream(await asyncio.to_thread(self._on.call)))

    async def _forged(self) -> int | None:
        """A later leg, which there may be room for, of a call that it knows no token of."""
        stream = self._on.stream(await asyncio.to_thread(self._on.call))
        forged = {**stream["parameters"], "leg": "2"}
        return await self._started({**stream, "parameters": forged})

    async def _unsigned(self) -> int | None:
        return await self._closed(lambda socket: asyncio.sleep(0), signed=False)

    async def _mute(self) -> int | None:
        """It connects, and says nothing."""
        return await self._closed(lambda socket: asyncio.sleep(0))

    async def _flood(self) -> int | None:
        """It says everything but `start`, as fast as it is taken."""

        async def flood(socket: Any) -> None:
            for frame in cycle(FLOOD):
                await socket.send(frame)
                await asyncio.sleep(0.002)

        return await self._closed(flood)

    async def _started(self, stream: dict[str, Any]) -> int | None:
        async with calling(self._url, **stream) as caller:
            await caller.socket.wait_closed()
            return caller.socket.close_code

    async def _closed(
        self, then: Callable[[Any], Awaitable[None]], *, signed: bool = True
    ) -> int | None:
        stream = self._on.stream(await asyncio.to_thread(self._on.call))
        signature = RequestValidator(stream["token"]).compute_signature(stream["signed_url"], {})
        headers = {"X-Twilio-Signature": signature} if signed else {}
        async with connect(self._url, additional_headers=headers, compression=None) as socket:
            with suppress(ConnectionClosed):
                await then(socket)
            await socket.wait_closed()
            return socket.close_code


async def talking(on: Stage, url: str, seats: int, crowd: Crowd, knocks: int) -> list[Caller]:
    """One round: every seat is taken, each callee is greeted, and meanwhile so many knock."""
    async with AsyncExitStack() as stack:
        callers = []
        for _ in range(seats):
            stream = on.stream(await asyncio.to_thread(on.call))
            callers.append(await stack.enter_async_context(calling(url, **stream)))
        await asyncio.gather(*(caller.first_sound() for caller in callers))
        await asyncio.sleep(KNOCK_AFTER_SECONDS)
        knocking = asyncio.create_task(crowd.knock(knocks))
        await asyncio.sleep(GREETED_SECONDS - KNOCK_AFTER_SECONDS)
        cut = [caller for caller in callers if caller.socket.close_code is not None]
        crowd.met["cut"] += len(cut)
        at = url.replace("ws://", "http://").replace("/ws", "/healthz")
        async with httpx.AsyncClient(trust_env=False) as client:
            crowd.met["unhealthy"] += (await client.get(at)).status_code != httpx.codes.OK
        await knocking
    return callers


async def measure(seats: int, knocks: int, rounds: int) -> Figures:
    """So many rounds of each kind, in turns."""
    alone, crowded = Sound(), Sound()
    async with (
        stage() as on,
        on.media_process(settings={"DIALOUT_SEATS_PER_TASK": str(seats)}) as (_, url),
    ):
        crowd = Crowd(on, url)
        for _ in range(rounds):
            for sound, number in ((alone, 0), (crowded, knocks)):
                sound.add(await talking(on, url, seats, crowd, number))
                await asyncio.sleep(BETWEEN_SECONDS)
    tell(f"the crowd met: {dict(crowd.met)}")
    return Figures(
        seats=seats,
        knocks=knocks,
        silent_ms_alone=round(median(alone.silent_ms)),
        silent_ms_crowded=round(median(crowded.silent_ms)),
        in_hand_ms_alone=round(median(alone.in_hand_ms)),
        in_hand_ms_crowded=round(median(crowded.in_hand_ms)),
        let_in=crowd.met["let in"],
        unhealthy=crowd.met["unhealthy"],
        cut=crowd.met["cut"],
    )


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overload")
    parser.add_argument("--seats", type=int, default=4)
    parser.add_argument("--knocks", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    before = Ticks.now()
    figures = asyncio.run(measure(given.seats, given.knocks, given.rounds))
    for name, value in dataclasses.asdict(figures).items():
        tell(f"{name:22}{value:6}")
    tell(since(before))
    if given.json:
        tell(json.dumps(dataclasses.asdict(figures)))
    return 0 if figures.good else 1


if __name__ == "__main__":
    sys.exit(main())
