"""What Twilio's webhooks carry, empty values included."""

import math
from datetime import UTC, datetime

from .call import Call, rfc2822
from .recording import Recording
from .resource import account_path

_PLACES = ("City", "State", "Zip", "Country")
_SIP = {"completed": "200", "busy": "486", "no-answer": "487", "canceled": "487", "failed": "503"}


def of_call(call: Call, status: str | None = None) -> dict[str, str]:
    """What every webhook about a call says."""
    parameters = {
        "CallSid": call.sid,
        "AccountSid": call.account_sid,
        "From": call.request.from_,
        "Caller": call.request.from_,
        "To": call.request.to,
        "Called": call.request.to,
        "CallStatus": status or call.status,
        "Direction": call.request.direction,
        "ApiVersion": "2010-04-01",
    }
    for party in ("From", "To", "Caller", "Called"):
        parameters |= {f"{party}{place}": "" for place in _PLACES}  # a number of nowhere
    if call.answered_by is not None:
        parameters["AnsweredBy"] = call.answered_by
    return parameters


def of_status(call: Call, event: str, at: float) -> dict[str, str]:
    """A status callback: ``initiated``, ``ringing``, ``answered`` or ``completed``."""
    status = {"initiated": "initiated", "ringing": "ringing", "answered": "in-progress"}
    parameters = of_call(call, status.get(event))
    parameters |= {
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(call.next_sequence()),
        "Timestamp": rfc2822(at) or "",
    }
    if event == "completed":
        duration = call.duration or 0
        parameters["CallDuration"] = str(duration)
        parameters["Duration"] = str(math.ceil(duration / 60))  # minutes, as billed
        parameters["SipResponseCode"] = _SIP[call.status]
    return parameters


def of_detection(call: Call, milliseconds: int) -> dict[str, str]:
    """The asynchronous answering-machine detection's verdict."""
    return {
        "CallSid": call.sid,
        "AccountSid": call.account_sid,
        "AnsweredBy": call.answered_by or "unknown",
        "MachineDetectionDuration": str(milliseconds),
    }


def of_stream(
    call: Call, stream_sid: str, event: str, at: float, *, name: str | None, error: str
) -> dict[str, str]:
    """``stream-started``, ``stream-stopped`` or ``stream-error``."""
    parameters = {
        "AccountSid": call.account_sid,
        "CallSid": call.sid,
        "StreamSid": stream_sid,
        "StreamName": name or stream_sid,
        "StreamEvent": event,
        "Timestamp": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"),
    }
    if error:
        parameters["StreamError"] = error
    return parameters


def of_recording(recording: Recording, account_sid: str, base_url: str) -> dict[str, str]:
    """A recording status callback."""
    return {
        "AccountSid": account_sid,
        "CallSid": recording.call_sid,
        "RecordingSid": recording.sid,
        "RecordingUrl": f"{base_url}{account_path(account_sid)}/Recordings/{recording.sid}",
        "RecordingStatus": recording.status,
        "RecordingDuration": str(recording.seconds),
        "RecordingChannels": str(recording.channels),
        "RecordingStartTime": rfc2822(recording.started.timestamp()) or "",
        "RecordingSource": recording.source,
        "RecordingTrack": "both",
        "ErrorCode": "0",
    }
