"""Twilio's webhooks: what a call is to do next, and what has become of it."""

import re
from datetime import datetime
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler import Response
from twilio.twiml.voice_response import Connect, Stream, VoiceResponse

from calls import status_report, stream_token
from calls.agent import AgentError
from calls.answered_by import detected
from calls.call import CALL_ID, Call, EndReason, Recording, now
from calls.phone_number import masked
from calls.ports import CallNotFoundError
from calls.receiving import TWILIO
from calls.seats import NoFreeSeatError
from calls.settings import settings
from functions import metric, webhooks, wiring
from functions.log import logger
from functions.problems import ProblemError

MAX_LEGS = 10
"""So many streams at most may one call go through."""
_APOLOGY = "I am sorry, we have a technical problem, and I have to end this call. Goodbye."
_WAIT = "One moment, please."
_BUSY = "I am sorry, all our lines are busy. Please call again in some minutes. Goodbye."

app = webhooks.resolver()


@app.post("/twiml")
def twiml() -> Response[str]:
    """The call was answered (leg 1), or its stream was closed by us (the next leg)."""
    call, leg = _call(), _leg()
    call = wiring.records().update(call.call_id, lambda c: status_report.answered(c, now()))
    return _xml(_next(call, leg, now()))


@app.post("/inbound")
def inbound() -> Response[str]:
    """Somebody phones one of our numbers."""
    form = app.context["form"]
    try:
        call = wiring.receiver().receive(
            call_sid=_call_sid(), caller=form.get("From", ""), called=form.get("To", "")
        )
    except NoFreeSeatError:
        metric.count("SeatsExhausted", 1)
        logger.warning("Incoming call turned away: all lines are busy")
        return _xml(_said(_BUSY))
    except AgentError as error:
        logger.error("Incoming call not answered: its agent is not right", why=str(error))
        return _xml(_said(_APOLOGY))
    logger.info("Call received", call_id=call.call_id, from_number=masked(call.from_number))
    return _xml(_next(call, 1, now()))


def _said(words: str) -> VoiceResponse:
    response = VoiceResponse()
    response.say(words)
    response.hangup()
    return response


def _next(call: Call, leg: int, at: datetime) -> VoiceResponse:
    response = VoiceResponse()
    if call.ended or call.end_reason is not None:
        # Ended on purpose: never resumed.
        response.hangup()
        return response
    if leg > MAX_LEGS or at >= call.stream_until:
        wiring.records().update(call.call_id, lambda c: c.will_end(EndReason.FAILED))
        logger.error("Call given up: too many legs", call_id=call.call_id, leg=leg)
        return _said(_APOLOGY)
    if leg > 1 and call.active_leg < leg - 1:
        # The leg before never began: nobody was there to take it. A little patience.
        response.say(_WAIT)
        response.pause(length=3)
    response.append(_connect(call, leg))
    # Run only when our side closes the stream: how a call outlives the process that serves it.
    response.redirect(_url("/twiml", call_id=call.call_id, leg=leg + 1), method="POST")
    return response


def _connect(call: Call, leg: int) -> Connect:
    if call.call_sid is None:
        raise AssertionError("bound before")  # by _call
    secret = wiring.secrets().get("stream-secret")
    stream = Stream(
        url=settings().public_ws_url,
        status_callback=_url("/stream-status", call_id=call.call_id, leg=leg),
        status_callback_method="POST",
    )
    parameters = {
        "call_id": call.call_id,
        "token": stream_token.sign(secret, call.call_id, leg, call.call_sid, call.stream_until),
        "leg": str(leg),
        "to_number": call.to_number,
        "from_number": call.from_number,
    }
    for name, value in parameters.items():
        stream.parameter(name=name, value=value)
    connect = Connect()
    connect.append(stream)
    return connect


@app.post("/status")
def status() -> Response[str]:
    """Twilio's statusCallback."""
    form = app.context["form"]
    duration = _number(form.get("CallDuration", ""))
    call = wiring.records().update(
        _call().call_id,
        lambda c: status_report.apply(c, form.get("CallStatus", ""), now(), duration),
    )
    logger.info("Call status", call_id=call.call_id, status=call.status, reason=call.end_reason)
    return _done()


@app.post("/answered-by")
def answered_by() -> Response[str]:
    """What Twilio's answering machine detection found: its asyncAmdStatusCallback."""
    word = app.context["form"].get("AnsweredBy", "")
    call = wiring.records().update(_call().call_id, lambda c: detected(c, word, now()))
    logger.info("Call answered", call_id=call.call_id, answered_by=call.answered_by)
    return _done()


@app.post("/recording-status")
def recording_status() -> Response[str]:
    """Twilio's recordingStatusCallback."""
    form = app.context["form"]
    reported = form.get("RecordingStatus", "")
    if reported not in ("in-progress", "completed", "absent"):
        return _done()
    recording = Recording(
        recording_sid=form.get("RecordingSid", ""),
        status=reported,
        duration_seconds=_number(form.get("RecordingDuration", "")),
        channels=_number(form.get("RecordingChannels", "")),
    )
    wiring.records().update(_call().call_id, lambda c: _recorded(c, recording))
    return _done()


def _recorded(call: Call, recording: Recording) -> Call:
    known = call.recording
    if known == recording or (known and known.status in ("completed", "absent")):
        return call  # repeated, or late
    return call.note(f"recording_{recording.status}", now(), recording=recording)


@app.post("/stream-status")
def stream_status() -> Response[str]:
    """Twilio's stream statusCallback."""
    form = app.context["form"]
    event = form.get("StreamEvent", "")
    if event == "stream-error":
        logger.error(
            "Stream failed", call_id=_call().call_id, error=form.get("StreamError", "")[:200]
        )
    if event in ("stream-error", "stream-stopped"):
        name = event.replace("-", "_")
        wiring.records().update(_call().call_id, lambda c: c.note(name, now(), f"leg {_leg()}"))
    return _done()


def _call() -> Call:
    """The call that this webhook is of, bound to the CallSid that it carries.

    Raises:
        CallNotFoundError: there is none.
        CallSidMismatchError: it is bound to another CallSid.
    """
    call_sid = _call_sid()
    call_id = app.current_event.query_string_parameters.get("call_id")
    if call_id is None:
        # A number's own callback, of a call that somebody made to us.
        call_id = wiring.records().made_for(TWILIO, call_sid) or ""
    if not re.fullmatch(CALL_ID, call_id):
        raise CallNotFoundError(call_id)  # and it may be too long for a key of the table
    return wiring.records().update(call_id, lambda c: c.bind(call_sid))


def _call_sid() -> str:
    call_sid: str = app.context["form"].get("CallSid", "")
    if not 0 < len(call_sid) <= 64:
        raise ProblemError(400, "invalid_request", "CallSid is missing, or is none")
    return call_sid


def _leg() -> int:
    leg = app.current_event.query_string_parameters.get("leg", "1")
    if not (leg.isascii() and leg.isdigit() and 0 < len(leg) < 4 and int(leg) > 0):
        raise ProblemError(400, "invalid_request", "leg is not a number from 1 on")
    return int(leg)


def _number(text: str) -> int | None:
    """A count of Twilio's; None, if it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _url(path: str, **query: str | int) -> str:
    return f"{settings().public_api_url}{path}?{urlencode(query)}"


def _xml(response: VoiceResponse) -> Response[str]:
    return Response(200, "text/xml", str(response))


def _done() -> Response[str]:
    return Response(204, body="")


handler = webhooks.signed(app)
