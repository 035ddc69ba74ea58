"""A blow to the media task that has a call, while somebody is talking."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from rehearsal.misfortune import Blow
from rehearsal.world import World

TALKING_SECONDS = 12.0
"""From the answer to the blow: the greeting is over, the conversation is not."""
_LOOK_SECONDS = 0.2


@asynccontextmanager
async def falling(up: World, blows: Iterable[Blow]) -> AsyncIterator[None]:
    """While inside, the next call that is answered meets them; another task stands ready."""
    wanted = list(blows)
    if not wanted:
        yield
        return
    await up.media.start()
    known = {call["sid"] for call in await _calls(up)}
    falling = asyncio.create_task(_fall(up, wanted, known))
    try:
        yield
    finally:
        falling.cancel()
        await asyncio.gather(falling, return_exceptions=True)


async def _fall(up: World, blows: list[Blow], known: set[str]) -> None:
    answered = False
    while not answered:
        await asyncio.sleep(_LOOK_SECONDS)
        calls = [call for call in await _calls(up) if call["sid"] not in known]
        answered = any(call["answered"] for call in calls)
    await asyncio.sleep(TALKING_SECONDS)
    # Of tasks that are equally busy, the gateway takes the oldest.
    victim = up.media.in_service[0]
    for blow in blows:
        if blow == "kill":
            up.media.kill(victim)
        else:
            up.media.drain(victim)


async def _calls(up: World) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(trust_env=False) as network:
        calls: list[dict[str, Any]] = (
            await network.get(f"{up.twilio_url}/_rehearsal/calls")
        ).json()
    return calls
