"""The two services behind one address, as an aiohttp application."""

import asyncio
import io
import uuid
import wave
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from aiohttp import web
from pydantic import ValidationError

from rehearsal.deepgram.clock import Clock, WallClock
from rehearsal.deepgram.connection import Connection
from rehearsal.deepgram.faults import Fault, Faults
from rehearsal.deepgram.handshake import (
    MULTILINGUAL,
    ListenRequest,
    RefusedError,
    SpeakRequest,
    authorize,
)
from rehearsal.deepgram.known import ENGLISH, ByHeart
from rehearsal.deepgram.listed import LISTED
from rehearsal.deepgram.listener import IdleError, Listener
from rehearsal.deepgram.recognizer import Recognizer
from rehearsal.deepgram.segmenter import Audio
from rehearsal.deepgram.speaker import Speaker
from rehearsal.deepgram.voice import Voice

NET_0001 = (
    "NET-0001 Deepgram did not receive audio data or a text message within the timeout window. "
    "See https://dpgr.am/net0001"
)


@dataclass(frozen=True)
class Options:
    """How the server behaves. ``stt_delay``, ``tts_delay``: seconds added to every answer."""

    keys: frozenset[str] = frozenset()
    """The only API keys that are valid; none: any key is."""
    stt_delay: float = 0.0
    tts_delay: float = 0.0


@dataclass
class Server:
    """Deepgram's paths, and ``/_rehearsal/faults``."""

    recognizer: Recognizer
    voice: Voice
    options: Options = Options()
    clock: Clock = field(default_factory=WallClock)
    faults: Faults = field(default_factory=Faults)
    _open: set[Connection] = field(default_factory=set)

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/listen", self.listen)
        app.router.add_get("/v1/speak", self.speak)
        app.router.add_post("/v1/speak", self.speak_once)
        app.router.add_get("/v1/auth/token", self.token)
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/_rehearsal/faults", self.show_faults)
        app.router.add_put("/_rehearsal/faults", self.set_faults)
        app.router.add_delete("/_rehearsal/faults", self.clear_faults)
        app.on_shutdown.append(self._hang_up)
        return app

    async def listen(self, request: web.Request) -> web.StreamResponse:
        request_id = str(uuid.uuid4())
        try:
            self._admit(request, self.faults.listen)
            asked = ListenRequest.of(request.query)
        except RefusedError as refusal:
            return _refused(refusal, request_id)
        connection = Connection(request, lambda: self.faults.listen)
        listener = Listener(
            asked, request_id, self._ears(asked.language), self.clock, connection.send,
            self.options.stt_delay,
        )  # fmt: skip
        reading = partial(connection.read, listener.obey, listener.hear)
        try:
            await self._serve(connection, request_id, reading(), listener.work(), listener.watch())
        finally:
            listener.stop()
        return connection.socket

    async def speak(self, request: web.Request) -> web.StreamResponse:
        request_id = str(uuid.uuid4())
        try:
            self._admit(request, self.faults.speak)
            asked = SpeakRequest.of(request.query)
        except RefusedError as refusal:
            return _refused(refusal, request_id)
        connection = Connection(request, lambda: self.faults.speak)
        speaker = Speaker(
            asked, request_id, self.voice, self.clock, connection.send, self.options.tts_delay
        )
        await self._serve(connection, request_id, connection.read(speaker.obey), speaker.work())
        return connection.socket

    async def speak_once(self, request: web.Request) -> web.StreamResponse:
        """The REST form: ``{"text": …}`` in, the whole audio out, as WAV or (``container=none``)
        bare."""
        request_id = str(uuid.uuid4())
        try:
            self._admit(request, self.faults.speak)
            asked = SpeakRequest.of(request.query)
            text = await _text(request)
        except RefusedError as refusal:
            return _refused(refusal, request_id)
        if self.faults.speak.hang:
            await asyncio.Event().wait()
        await self.clock.sleep(self.options.tts_delay)
        spoken = await self.voice.speak(text, asked)
        body, kind = _contained(spoken, asked, request.query)
        return web.Response(body=body, content_type=kind, headers={"dg-request-id": request_id})

    async def token(self, request: web.Request) -> web.Response:
        """Whose key that is, if it is one."""
        return self._about(request, {"api_key_id": str(uuid.uuid4()), "scopes": ["member"]})

    async def models(self, request: web.Request) -> web.Response:
        """What may be asked for."""
        return self._about(request, LISTED)

    async def show_faults(self, _: web.Request) -> web.Response:
        return web.json_response(self.faults.model_dump(exclude_defaults=True))

    async def set_faults(self, request: web.Request) -> web.Response:
        try:
            self._set(Faults.model_validate_json(await request.read()))
        except ValidationError as error:
            return web.json_response({"detail": error.errors(include_url=False)}, status=400)
        return await self.show_faults(request)

    async def clear_faults(self, request: web.Request) -> web.Response:
        self._set(Faults())
        return await self.show_faults(request)

    def _ears(self, language: str) -> Recognizer:
        if language == MULTILINGUAL:
            return ByHeart(None, self.recognizer)
        return self.recognizer if language.startswith(ENGLISH) else ByHeart(language)

    def _set(self, faults: Faults) -> None:
        self.faults = faults
        for connection in self._open:
            connection.suffer()

    def _about(self, request: web.Request, body: Mapping[str, Any]) -> web.Response:
        try:
            self._admit(request, self.faults.account)
        except RefusedError as refusal:
            return _refused(refusal, str(uuid.uuid4()))
        return web.json_response(body)

    def _admit(self, request: web.Request, fault: Fault) -> None:
        if fault.refuse == 401:
            raise RefusedError(401, "INVALID_AUTH", "Invalid credentials.")
        if fault.refuse == 503:
            raise RefusedError(503, "Service Unavailable", "Service Unavailable")
        authorize(request.headers.get("Authorization"), self.options.keys)

    async def _serve(
        self,
        connection: Connection,
        request_id: str,
        *work: Coroutine[Any, Any, None],
    ) -> None:
        """Runs the parts of a stream until the first of them has ended it."""
        await connection.open(request_id)
        self._open.add(connection)
        tasks = [asyncio.create_task(part) for part in work]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            try:
                for task in ended:
                    task.result()
                await connection.close()
            except IdleError:
                await connection.close(1011, NET_0001)
        finally:
            self._open.discard(connection)
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError, IdleError, ConnectionError):
                    await task

    async def _hang_up(self, _: web.Application) -> None:
        await asyncio.gather(*(connection.close(1001) for connection in set(self._open)))


def _refused(refusal: RefusedError, request_id: str) -> web.Response:
    body = {"err_code": refusal.code, "err_msg": refusal.reason, "request_id": request_id}
    headers = {"dg-error": refusal.reason, "dg-request-id": request_id}
    return web.json_response(body, status=refusal.status, headers=headers)


async def _text(request: web.Request) -> str:
    try:
        text = (await request.json())["text"]
    except (ValueError, KeyError, TypeError):
        text = None
    if not isinstance(text, str) or not text.strip():
        raise RefusedError(400, "PAYLOAD_ERROR", "Failed to deserialize JSON payload.")
    return text


def _contained(spoken: Audio, asked: SpeakRequest, query: Mapping[str, str]) -> tuple[bytes, str]:
    encoded = asked.audio.encode(spoken) if len(spoken) else b""
    if query.get("container", "wav") == "none" or asked.audio.encoding != "linear16":
        return encoded, "audio/basic" if asked.audio.encoding == "mulaw" else "audio/l16"
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(asked.audio.sample_rate)
        writer.writeframes(np.frombuffer(encoded, dtype="<i2").tobytes())
    return file.getvalue(), "audio/wav"
