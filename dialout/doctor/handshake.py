"""The opening of a WebSocket, and no more: RFC 6455, section 4."""

import base64
import os
from collections.abc import Mapping
from contextlib import suppress

import httpcore
import httpx

# Status 1000, masked with zeros: an endpoint takes that for what it is.
_CLOSE = b"\x88\x82\x00\x00\x00\x00\x03\xe8"


async def shake(http: httpx.AsyncClient, url: str, headers: Mapping[str, str]) -> int:
    """The HTTP status of a handshake at ``url`` (ws or wss); 101: let in, and closed at once.

    Raises:
        httpx.TransportError: nobody answers.
    """
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    async with http.stream(
        "GET", url.replace("ws", "http", 1), headers={**upgrade, **headers}
    ) as answer:
        stream = answer.extensions.get("network_stream")
        if answer.status_code == 101 and stream is not None:
            # The answer is known by now: a peer that is slow to say goodbye changes nothing.
            with suppress(httpcore.NetworkError, httpcore.TimeoutException):
                await stream.write(_CLOSE, timeout=2)
                await stream.read(256, timeout=2)
        return answer.status_code
