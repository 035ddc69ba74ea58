"""Where the stand-ins take orders of misfortunes, and the giving of them."""

from collections.abc import Mapping

import httpx

from rehearsal.misfortune import Orders, Part
from rehearsal.plan import Plan, PlanError

Addresses = Mapping[Part, str]
"""The base URLs of the parts that are stood in for."""


class OrderError(Exception):
    """A stand-in did not take an order. The message is its answer."""


def check(orders: Orders, plan: Plan) -> None:
    """Nothing, if all that these orders strike is stood in for.

    Raises:
        PlanError: a real vendor takes no orders.
    """
    vendors = {"twilio": plan.twilio, "deepgram": plan.deepgram, "groq": plan.groq}
    for part in orders:
        if part in vendors and vendors[part].base_url is not None:
            raise PlanError(
                f"a fault of {part} needs its stand-in: take {part.upper()}_* out of .env and the "
                "environment"
            )


async def order(orders: Orders, addresses: Addresses) -> None:
    """Have it happen from now on.

    Raises:
        OrderError: one of the parts did not take it.
    """
    async with httpx.AsyncClient(trust_env=False) as client:
        for part, bodies in orders.items():
            for body in bodies:
                answer = await client.put(_at(addresses[part]), json=body)
                if not answer.is_success:
                    raise OrderError(f"{part} did not take {body}: {answer.text}")


async def cancel(addresses: Addresses) -> None:
    """All is well again; a call that carries a misfortune already keeps it."""
    async with httpx.AsyncClient(trust_env=False) as client:
        for part, address in addresses.items():
            if part == "cloud":
                await client.put(_at(address), json={})
            else:
                await client.delete(_at(address))


def _at(address: str) -> str:
    return address.replace("ws://", "http://", 1) + "/_rehearsal/faults"
