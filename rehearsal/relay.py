"""Two sockets as one: what comes in at either goes out at the other."""

import asyncio

import aiohttp
from aiohttp import WSMsgType, web

Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pass_on(source: Socket, target: Socket) -> None:
    """Every message of ``source`` to ``target``, and at the end its close code."""
    while True:
        message = await source.receive()
        if message.type is WSMsgType.TEXT:
            await target.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await target.send_bytes(message.data)
        else:
            code = source.close_code or aiohttp.WSCloseCode.GOING_AWAY
            # 1006 says that there was no close frame: it is nothing to pass on.
            if code != aiohttp.WSCloseCode.ABNORMAL_CLOSURE:
                await target.close(code=code)
            return


async def relay(one: Socket, other: Socket) -> None:
    """Every message, both ways, until either is closed; the other is left to the caller."""
    ways = [
        asyncio.create_task(_pass_on(one, other)),
        asyncio.create_task(_pass_on(other, one)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
