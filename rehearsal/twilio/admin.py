"""``/_rehearsal/``: what a rehearsal sees of its calls, and the misfortunes that it orders.

The events of a call, each with `at` (seconds since the epoch) and, in brackets, its details:

- its life: ``created`` [scenario: its name, or ``softphone``; faults], ``initiated``, ``ringing``,
  ``answered`` [by], ``answered_by`` [answered_by], ``digits_sent`` [digits], ``redirected``,
  ``hung_up`` [by: callee, twiml, rest, time_limit, crash], ``ended`` [status, duration];
- webhooks: ``webhook_sent`` [path, status | stream | recording], ``webhook_answered`` [path,
  status, ms], ``webhook_failed`` [path, error, why], ``webhook_lost`` [path];
- instructions: ``verb`` [verb], ``error`` and ``warning`` [code, message], ``dialling`` [sid,
  known], ``bridged`` [sid], ``dialled`` [sid, status, seconds];
- streams: ``stream_open`` [sid], ``stream_first_media`` [bytes], ``mark`` [name], ``clear``
  [dropped_ms, marks], ``stream_message_error`` [code, why], ``stream_cut``, and one of
  ``stream_closed``, ``stream_broken``, ``stream_refused`` [sid, by, error];
- what is heard: ``agent_speech_started`` and ``agent_speech_stopped`` (as played, not as sent),
  ``callee_clip_started`` [clip, seconds, speech_ends: second of the call], ``callee_clip_ended``
  [clip], ``callee_clip_unusable`` [clip, why], ``dtmf`` [digit];
- the script: ``script_step_done`` and ``script_step_timed_out`` [step, and the step itself],
  ``script_patience_ended`` [step];
- recordings: ``recording_started`` [sid], ``recording_completed`` or ``recording_absent`` [sid,
  seconds]; and ``crashed`` [why], which is a bug of this network.
"""

from aiohttp import web

from .account import NotConnectedError
from .rest import EXCHANGE


def routes() -> list[web.RouteDef]:
    """Where it all is found."""
    return [
        web.get("/_rehearsal/calls", calls),
        web.get("/_rehearsal/calls/{call}/events", events),
        web.post("/_rehearsal/inbound", ring),
        web.get("/_rehearsal/faults", faults),
        web.put("/_rehearsal/faults", order),
        web.delete("/_rehearsal/faults", cancel),
    ]


async def calls(request: web.Request) -> web.Response:
    """Every call, oldest first: ``[{sid, to, from, status, scenario, created, …}]``"""
    shown = []
    for phone in request.app[EXCHANGE].calls.values():
        call = phone.call
        shown.append(
            {
                "sid": call.sid,
                "to": call.request.to,
                "from": call.request.from_,
                "status": call.status,
                "scenario": call.scenario,
                "created": call.created,
                "answered": call.answered,
                "ended": call.ended,
                "answered_by": call.answered_by,
                "recordings": [recording.sid for recording in phone.recordings],
            }
        )
    return web.json_response(shown)


async def events(request: web.Request) -> web.Response:
    """What happened to a call, in order: ``[{at, event, …}]``, `at` in seconds since the epoch"""
    phone = request.app[EXCHANGE].calls.get(request.match_info["call"])
    if phone is None:
        return web.json_response({"error": "no such call"}, status=404)
    return web.json_response(phone.call.events.listed())


async def ring(request: web.Request) -> web.Response:
    """Have somebody phone one of our numbers: ``{from, to, scenario?}``, answered by ``{sid}``"""
    try:
        body = await request.json()
        call = request.app[EXCHANGE].ring(body["from"], body["to"], body.get("scenario"))
    except (ValueError, TypeError, KeyError):
        return web.json_response({"error": "expected {from, to, scenario?}"}, status=400)
    except (LookupError, NotConnectedError) as error:
        return web.json_response({"error": str(error)}, status=409)
    return web.json_response({"sid": call.sid}, status=201)


async def faults(request: web.Request) -> web.Response:
    """What is ordered and has not struck yet"""
    return web.json_response(request.app[EXCHANGE].faults.listed())


async def order(request: web.Request) -> web.Response:
    """Order ``{name, times, …}`` for the next calls, or requests"""
    try:
        body = await request.json()
        if not isinstance(body, dict):
            raise ValueError("not an object")
        request.app[EXCHANGE].faults.put(body)
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=400)
    return await faults(request)


async def cancel(request: web.Request) -> web.Response:
    """Cancel what is ordered"""
    request.app[EXCHANGE].faults.clear()
    return await faults(request)
