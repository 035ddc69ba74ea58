"""Twilio's REST API of recordings, and the recordings themselves."""

import io
import wave

import numpy as np
from aiohttp import web

from . import call_request, resource
from .problem import Problem, not_found
from .recording import Recording
from .rest import EXCHANGE, Form, find_call, paged


def routes() -> list[web.RouteDef]:
    """Where it all is found."""
    account = resource.API + "/Accounts/{account}"
    of_call = f"{account}/Calls/{{call}}/Recordings"
    one = f"{account}/Recordings/{{recording:RE[0-9a-f]{{32}}}}"
    return [
        web.post(f"{of_call}.json", start),
        web.get(f"{of_call}.json", list_recordings),
        web.get(f"{of_call}/{{recording}}.json", fetch),
        web.post(f"{of_call}/{{recording}}.json", stop),
        web.get(f"{account}/Recordings.json", list_recordings),
        web.get(f"{one}.json", fetch),
        web.delete(f"{one}.json", delete),
        web.get(f"{one}.wav", media),
        web.get(f"{one}.mp3", no_mp3),
        web.get(one, media),
    ]


async def start(request: web.Request) -> web.Response:
    """``POST Calls/{sid}/Recordings.json``"""
    phone = find_call(request)
    wanted = call_request.recording(Form(await request.post()))
    if phone.call.status != "in-progress":
        raise Problem(21220, "Requested resource is not eligible for recording")
    recording = phone.record(wanted, "StartCallRecordingAPI")
    return web.json_response(_shown(request, recording), status=201)


async def stop(request: web.Request) -> web.Response:
    """``POST Calls/{sid}/Recordings/{sid}.json`` with ``Status=stopped``"""
    recording, form = _find(request), Form(await request.post())
    if form.get("Status") != "stopped":
        raise Problem(20001, "Status is not 'stopped'")
    if recording.status != "in-progress":
        raise not_found(request.path)
    await find_call(request).stop_recording(recording)
    return web.json_response(_shown(request, recording))


async def list_recordings(request: web.Request) -> web.Response:
    """``GET Recordings.json``, of a call or of the account, newest first"""
    wanted = request.match_info.get("call") or request.query.get("CallSid")
    recordings = reversed(request.app[EXCHANGE].recorder.recordings.values())
    chosen = [found for found in recordings if wanted in (None, found.call_sid)]
    return paged(request, "recordings", [_shown(request, found) for found in chosen])


async def fetch(request: web.Request) -> web.Response:
    """``GET Recordings/{sid}.json``"""
    return web.json_response(_shown(request, _find(request)))


async def delete(request: web.Request) -> web.Response:
    """``DELETE Recordings/{sid}.json``"""
    recording = _find(request)
    if recording.status in ("in-progress", "processing"):
        raise Problem(21220, "Recording is still in progress")
    request.app[EXCHANGE].recorder.delete(recording)
    return web.Response(status=204)


async def media(request: web.Request) -> web.StreamResponse:
    """``GET Recordings/{sid}.wav``; ``RequestedChannels=1`` mixes two channels to one"""
    recording = _find(request)
    if recording.status != "completed":
        raise not_found(request.path)
    path = request.app[EXCHANGE].recorder.path(recording)
    channels = request.query.get("RequestedChannels", str(recording.channels))
    if channels not in ("1", str(recording.channels)):
        raise Problem(20001, f"RequestedChannels={channels} of a recording of {recording.channels}")
    headers = {"Content-Type": "audio/x-wav"}
    if int(channels) == recording.channels:
        return web.FileResponse(path, headers=headers)
    return web.Response(body=_mixed(path.read_bytes()), headers=headers)


async def no_mp3(request: web.Request) -> web.Response:
    """``GET Recordings/{sid}.mp3``: Twilio has it, this does not"""
    raise Problem(20404, "A rehearsed recording is a WAV; ask for .wav", 404)


def _find(request: web.Request) -> Recording:
    recording = request.app[EXCHANGE].recorder.recordings.get(request.match_info["recording"])
    call = request.match_info.get("call")
    if recording is None or call not in (None, recording.call_sid):
        raise not_found(request.path)
    return recording


def _shown(request: web.Request, recording: Recording) -> dict[str, object]:
    exchange = request.app[EXCHANGE]
    return resource.recording(recording, exchange.account.sid, exchange.recorder.base_url)


def _mixed(file: bytes) -> bytes:
    out = io.BytesIO()
    with wave.open(io.BytesIO(file), "rb") as reader, wave.open(out, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(reader.getframerate())
        both = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)
        mixed = np.clip(both.sum(axis=1, dtype=np.int32), -32768, 32767)
        writer.writeframes(mixed.astype("<i2").tobytes())
    return out.getvalue()
