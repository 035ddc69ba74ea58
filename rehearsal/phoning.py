"""A scenario's call, whoever of the two phones."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from rehearsal import placed_call
from rehearsal.cloud.deployment import ENV
from rehearsal.cloud.environment import credentials
from rehearsal.happening import Happening
from rehearsal.placed_call import PlacedCall
from rehearsal.scenario import Scenario
from rehearsal.world import World, dialout


class NotRungError(Exception):
    """Nobody phoned. The message says why, and what to do."""


async def phone(
    up: World,
    name: str,
    scenario: Scenario,
    request: dict[str, Any],
    folder: Path,
    tell: Callable[[Happening], None],
) -> PlacedCall:
    """The call, once it is over. For an inbound one ``connect`` first.

    Args:
        name: of the scenario.
        request: the body of ``POST /dialout``, for an outbound one.
        folder: takes its recording.

    Raises:
        NotRungError: nobody was put through to us.
        NotPlacedError, NotReceivedError, NeverEndedError, RecordingError: see ``placed_call``.
    """
    where = (up.plan.origin, up.plan.api_key)
    if scenario.direction == "outbound":
        return await placed_call.place(*where, request, folder, tell)
    call_sid = await ring(up, scenario, name)
    return await placed_call.receive(*where, call_sid, folder, tell)


async def connect(up: World) -> None:
    """Have the agent answer our number, by the very command that a user has.

    Raises:
        NotRungError: the phone network is a real one, and nobody phones us there by order.
        ProcessError: it could not be connected.
    """
    if "twilio" not in up.stand_ins:
        raise NotRungError(
            "an inbound scenario needs the stand-in's phone network: take TWILIO_* out of .env, or "
            f"run `dialout numbers connect {up.plan.from_number}` and phone it yourself"
        )
    origin = up.plan.origin
    command = ["numbers", "connect", up.plan.from_number, "--env", ENV, "--url", origin]
    environment = {**credentials(up.deployment.endpoint), "TWILIO_API_BASE_URL": up.twilio_url}
    await asyncio.to_thread(dialout, command, environment)


async def ring(up: World, scenario: Scenario, name: str) -> str:
    """The scenario's person phones our number: the CallSid.

    Raises:
        NotRungError: the network does not put them through.
    """
    body = {"from": scenario.caller, "to": up.plan.from_number, "scenario": name}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{up.twilio_url}/_rehearsal/inbound", json=body)
    if answer.status_code != 201:
        raise NotRungError(f"the phone network: {answer.text}")
    sid: str = answer.json()["sid"]
    return sid
