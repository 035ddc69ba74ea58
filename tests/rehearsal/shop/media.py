"""``python -m tests.rehearsal.shop.media``: the media service, put together for this shop.

All is the product's own but Amelia's tools, and where "the internet" is that their requests go to:
the desk, at ``ORDER_DESK``.
"""

import os
from dataclasses import replace

import httpx

from calls import agents
from calls.adapters.guarded_http import GuardedHttp
from calls.agent import Agent, Idle
from calls.ports import Secrets
from calls.settings import Settings
from calls.tools import HttpTool, Tools, TransferTarget
from media_service.process.service import compose, main
from media_service.signed_http import SignedHttp
from media_service.world import World

SECONDS = 30.0
"""For the desk, which is slow where somebody is to be killed meanwhile."""
TOOLS = Tools(
    http={
        "look_up": HttpTool(
            description="When an order comes.",
            url="https://orders.shop.test/look-up",
            parameters={"type": "object", "properties": {"order": {"type": "string"}}},
            filler="Let me look that up.",
        )
    },
    transfer_call={
        "colleague": TransferTarget(
            number="+15550100062", description="They are not happy with the order."
        )
    },
)
IDLE = Idle(after_seconds=30)
"""A silence is the kill's, and not the callee's."""


class ToTheDesk(httpx.HTTPTransport):
    """Whatever is asked, the desk is asked."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        desk = httpx.URL(os.environ["ORDER_DESK"])
        request.url = request.url.copy_with(scheme="http", host=desk.host, port=desk.port)
        return super().handle_request(request)


def shop(settings: Settings, secrets: Secrets) -> World:
    """The product's world, with these two parts of the shop's own."""
    internet = GuardedHttp(seconds=SECONDS, transport=ToTheDesk(), allowed=lambda _: True,
                           resolver=lambda *_: ["192.0.2.1"])  # fmt: skip
    return replace(
        compose(settings, secrets), agent=agent, http=SignedHttp(secrets, internet, SECONDS)
    )


def agent(name: str) -> Agent:
    """The agent of that name, with the shop's tools."""
    return agents.load(name).model_copy(update={"tools": TOOLS, "idle": IDLE})


if __name__ == "__main__":
    main(shop)
