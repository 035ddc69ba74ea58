"""The media service's two doors: /healthz, and /ws for Twilio's Media Streams."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from fastapi import FastAPI, WebSocket
from starlette.websockets import WebSocketDisconnect

from calls.ports import Secrets
from media_service.phone import stream_protocol
from media_service.phone.line import Line
from media_service.phone.stream_protocol import Rejected, Start
from media_service.process import admission
from media_service.process.admission import RefusedError, Signed
from media_service.process.live_calls import LiveCalls
from media_service.process.room import Room
from media_service.session import Session
from media_service.speaking import greeting
from media_service.world import World

log = logging.getLogger(__name__)

START_SECONDS = 5.0
"""From the handshake to `start`; Twilio takes some milliseconds."""
POLICY_VIOLATION = 1008
SERVICE_RESTART = 1012
"""Twilio goes on with the TwiML after the stream, which leads to the next leg and another task."""


def create_app(world: World, secrets: Secrets, signed: Signed, live: LiveCalls) -> FastAPI:
    """The application.

    Args:
        world: what its sessions share.
        secrets: for the checks at the door.
        signed: whether Twilio signed a request.
        live: the calls in progress, shared with the server, which waits for them.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await world.vendors.aclose()

    room = Room(world.settings.seats_per_task)
    app = FastAPI(title="Dialout media service", lifespan=lifespan, openapi_url=None)

    # (Without the model of its answer, FastAPI need not import pydantic v1.)
    @app.get("/healthz", response_model=None)
    async def healthz() -> dict[str, str]:
        """Alive. Never "full": that would get the task killed, and its calls with it."""
        return {"status": "ok"}

    @app.websocket("/ws")
    async def ws(websocket: WebSocket) -> None:
        """One Media Stream, from its handshake to its end."""
        with ExitStack() as inside:
            session = await _admit(websocket, inside)
            if session:
                with live.call(session):
                    await session.run()

    async def _admit(websocket: WebSocket, inside: ExitStack) -> Session | None:
        try:
            await _handshake(websocket, world, secrets, signed)
            start = await _start(websocket)
            place = inside.enter_context(room.place(start.parameters.get("leg", "")))
            if not (live.accepting and place):
                # Twilio fetches the next leg, which waits a little and may reach another task.
                log.warning("a stream finds no room", extra={"draining": not live.accepting})
                await websocket.close(SERVICE_RESTART)
                return None
            # Meanwhile, as the callee is waiting; a stream that is refused hears nothing of it.
            stored = asyncio.create_task(
                greeting.stored(world.greetings, start.parameters.get("call_id", ""))
            )
            call, leg = await admission.claim(world.records, secrets, start, live.task_id)
        except RefusedError as refused:
            log.warning("a stream is refused", extra={"reason": refused.reason})
            await websocket.close(POLICY_VIOLATION)
            return None
        except WebSocketDisconnect:
            return None
        except Exception:
            # The call may be a true one, and its next leg may find all well again.
            log.exception("a stream could not be checked")
            await websocket.close(SERVICE_RESTART)
            return None
        return Session(world, Line(websocket, start.stream_sid), call, leg, stored)

    return app


async def _handshake(websocket: WebSocket, world: World, secrets: Secrets, signed: Signed) -> None:
    # Twilio signs over the URL that it was given. What the request says of itself is not asked.
    token = await asyncio.to_thread(secrets.get, "twilio/auth-token")
    signature = websocket.headers.get("x-twilio-signature")
    if not signed(token, world.settings.public_ws_url, signature):
        raise RefusedError("the handshake is not signed by Twilio")
    await websocket.accept()


async def _start(websocket: WebSocket) -> Start:
    rejected: Counter[str] = Counter()
    try:
        async with asyncio.timeout(START_SECONDS):
            while True:
                message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    raise WebSocketDisconnect(message.get("code", 1006))
                event = stream_protocol.parse(message.get("text") or message.get("bytes") or "")
                if isinstance(event, Start):
                    return event
                if isinstance(event, Rejected):
                    rejected[event.reason] += 1
    except TimeoutError:
        raise RefusedError("no start came") from None
    finally:
        if rejected:
            log.warning("frames were rejected before the start", extra=dict(rejected))
