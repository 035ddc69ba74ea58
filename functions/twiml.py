"""Twilio's webhooks: what a call is to do next, and what has become of it."""

import re
import time

from aws_lambda_powertools.event_handler import Response
from twilio.twiml.voice_response import Connect, Stream, VoiceResponse

from calls import resuming, status_report, stream_token
from calls.answered_by import detected
from calls.call import CALL_ID, TWILIO, Call, EndReason, Recording, now
from calls.phone_number import masked
from calls.ports import CallNotFoundError
from calls.refused import AgentError
from calls.resuming import Fetched, Step
from calls.seats import NoFreeSeatError
from calls.settings import settings
from functions import metric, redirecting, spoken, webhooks, wiring
from functions.log import logger
from functions.problems import ProblemError

_LOOKS = 4
"""So often it is looked whether Twilio follows by itself."""

app = webhooks.resolver()


@app.post("/twiml")
def twiml() -> Response[str]:
    """The call was answered (leg 1), or its stream was closed by us (the next leg)."""
    return _xml(_instructions(_call(), _leg()))


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
        return _xml(spoken.lines_busy(settings().inbound_agent))
    except AgentError as error:
        logger.error("Incoming call not answered: its agent is not right", why=str(error))
        return _xml(spoken.cannot_answer())
    logger.info("Call received", call_id=call.call_id, from_number=masked(call.from_number))
    return _xml(_instructions(call, 1))


def _instructions(call: Call, leg: int) -> VoiceResponse:
    at = now()
    # Nobody was dialled without a seat; and while somebody waits for the first word, no time.
    attended = leg == 1 or wiring.ledger().fleet().capacity(at, 1) > 0
    last: Fetched | None = None

    def fetched(call: Call) -> Call:
        nonlocal last
        last = resuming.fetch(status_report.answered(call, at), leg, at, attended=attended)
        return last.call

    wiring.records().update(call.call_id, fetched)
    assert last is not None
    return _told(last, leg)


def _told(fetched: Fetched, leg: int) -> VoiceResponse:
    call, response = fetched.call, VoiceResponse()
    match fetched.step:
        case Step.HANG_UP:
            response.hangup()
        case Step.GIVE_UP:
            logger.error("Call given up: nobody takes it on", call_id=call.call_id, leg=leg)
            return spoken.given_up(call)
        case Step.WAIT:
            logger.warning("Call waits: nobody takes it on", call_id=call.call_id, leg=leg)
            response = spoken.one_moment(call, fetched.pause_seconds)
            response.redirect(
                redirecting.leg_url(call, resuming.following(call, leg)), method="POST"
            )
        case Step.CONNECT:
            response.append(_connect(call, leg))
            # Run only when our side closes the stream: how a call outlives the process that
            # serves it.
            response.redirect(redirecting.leg_url(call, leg + 1), method="POST")
    return response


def _connect(call: Call, leg: int) -> Connect:
    if call.call_sid is None:
        raise AssertionError("bound before")  # by _call
    secret = wiring.secrets().get("stream-secret")
    stream = Stream(
        url=settings().public_ws_url,
        status_callback=webhooks.url("/stream-status", call_id=call.call_id, leg=leg),
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
    event, sid = form.get("StreamEvent", ""), form.get("StreamSid", "")[:64]
    if event not in ("stream-error", "stream-stopped"):
        return _done()
    call, leg = _call(), _leg()
    if event == "stream-error":
        logger.error(
            "Stream failed", call_id=call.call_id, leg=leg, error=form.get("StreamError", "")[:200]
        )
    name, at = event.replace("-", "_"), now()
    call = wiring.records().update(
        call.call_id, lambda c: resuming.stream_ended(c, leg, sid, name, at)
    )
    for _ in range(_LOOKS):
        if not resuming.dropped(call, leg, sid):
            return _done()
        # Most often Twilio follows the redirect of its instructions within some tenths.
        time.sleep(resuming.FOLLOW_SECONDS / _LOOKS)
        call = wiring.records().get(call.call_id)
    if resuming.dropped(call, leg, sid) and not _transferred(call):
        redirecting.redirect(call, leg + 1)
    return _done()


def _transferred(call: Call) -> bool:
    """Whether the transfer that the record tells of was made, and the call is not ours any more."""
    if call.end_reason is not EndReason.TRANSFERRED or call.call_sid is None:
        return False
    return wiring.telephony().dialled(call.call_sid)


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


def _xml(response: VoiceResponse) -> Response[str]:
    return Response(200, "text/xml", str(response))


def _done() -> Response[str]:
    return Response(204, body="")


handler = webhooks.signed(app)
