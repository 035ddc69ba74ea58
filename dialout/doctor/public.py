"""The public addresses, asked as Twilio asks: is the API up, does it know Twilio's signature."""

from urllib.parse import urlsplit

import httpx

from dialout.doctor.finding import Finding, fail, ok, skipped, warn
from dialout.doctor.handshake import shake
from dialout.doctor.patient import Patient, UnreachableError
from dialout.twilio_signature import sign

_NOBODY = "00000000000000000000000000"
"""A call_id that no call has."""
_FORM = {"CallSid": "CA" + "0" * 32, "CallStatus": "completed"}
_NO_ADDRESS = "there is no address: the stack is not deployed, and {} is not set"


async def api(patient: Patient) -> Finding:
    """``GET /healthz``"""
    url = patient.settings.public_api_url
    if not url:
        return skipped(_NO_ADDRESS.format("DIALOUT_PUBLIC_API_URL"))
    remedy = f"npx cdk deploy -c env={patient.env}   # or correct DIALOUT_PUBLIC_API_URL"
    answer = await patient.ask("the API", "GET", f"{url}/healthz", remedy)
    if answer.status_code == 200 and '"ok"' in answer.text:
        return ok(f"answers at {urlsplit(url).netloc}")
    if answer.status_code >= 500:
        return fail(
            f"the API is ill ({answer.status_code})",
            f"aws logs tail /aws/lambda/dialout-{patient.env}-call-records",
        )
    return fail(f"it is not Dialout that answers there ({answer.status_code})", remedy)


async def webhook(patient: Patient) -> Finding:
    """``POST /status`` for no call: signed rightly 404, signed wrongly 403"""
    url = f"{patient.settings.public_api_url}/status?call_id={_NOBODY}"
    token = patient.secrets["twilio/auth-token"]
    right = await _post(patient, url, sign(token, url, _FORM))
    wrong = await _post(patient, url, sign(f"not {token}", url, _FORM))
    if wrong.status_code != 403:
        return fail(
            f"a webhook that Twilio did not sign is not refused ({wrong.status_code})",
            f"npx cdk deploy -c env={patient.env}",
        )
    if right.status_code == 404 and _code(right) == "call_not_found":
        return ok("signed as Twilio signs is let in, signed wrongly is refused")
    if right.status_code == 403:
        return _signature_refused(patient)
    return fail(
        f"a signed webhook is answered with {right.status_code} {_code(right)}".rstrip(),
        f"aws logs tail /aws/lambda/dialout-{patient.env}-twiml",
    )


async def websocket(patient: Patient) -> Finding:
    """The handshake: unsigned 403, signed let in"""
    url = patient.settings.public_ws_url
    if not url:
        return skipped(_NO_ADDRESS.format("DIALOUT_PUBLIC_WS_URL"))
    where = urlsplit(url)
    if where.scheme != "wss" and where.hostname not in ("127.0.0.1", "localhost", "::1"):
        return fail(
            "Twilio streams to wss:// alone, and DIALOUT_PUBLIC_WS_URL is something else",
            f"npx cdk deploy -c env={patient.env} -c set.DIALOUT_PUBLIC_WS_URL=wss://…/ws",
        )
    signature = sign(patient.secrets["twilio/auth-token"], url)
    unsigned = await _shake(patient, url, {})
    if unsigned == 101:
        return fail(
            "a stream that Twilio did not sign is let in", f"npx cdk deploy -c env={patient.env}"
        )
    signed = await _shake(patient, url, {"X-Twilio-Signature": signature})
    if (unsigned, signed) == (403, 101):
        return ok(f"streams are let in at {where.netloc}, when Twilio signed them")
    if (unsigned, signed) == (403, 403):
        return fail(
            "the media service refuses what is signed over this address: it was started with "
            "another DIALOUT_PUBLIC_WS_URL, or before twilio/auth-token was changed",
            _restart(patient),
        )
    return fail(f"the media service does not answer there ({signed})", _restart(patient))


async def clock(patient: Patient) -> Finding:
    """The Date of whoever answered, against this machine"""
    if not patient.clocks:
        return skipped("nobody told the time")
    # Where several tell it, the one in the middle: one wrong clock among them is not ours.
    skew = sorted(patient.clocks.values())[len(patient.clocks) // 2]
    away = f"{abs(skew):.0f} s {'behind' if skew > 0 else 'ahead'}"
    remedy = "sudo timedatectl set-ntp true"
    if abs(skew) > 60:
        return fail(f"this machine's clock is {away}: signatures and tokens are refused", remedy)
    if abs(skew) > 5:
        return warn(f"this machine's clock is {away}", remedy)
    return ok(f"right to the second ({len(patient.clocks)} asked)")


def _signature_refused(patient: Patient) -> Finding:
    mine, theirs = patient.settings.public_api_url, patient.deployed_api_url
    if theirs and theirs != mine:
        return fail(
            f"the API expects Twilio at {theirs}, and is asked at {mine}: no signature fits",
            f"npx cdk deploy -c env={patient.env} -c set.DIALOUT_PUBLIC_API_URL={mine}"
            "   # or correct DIALOUT_PUBLIC_API_URL here",
        )
    return fail(
        "the API refuses Twilio's signature: it holds another twilio/auth-token",
        "wait five minutes if the secret was just set: the functions keep it that long",
    )


def _restart(patient: Patient) -> str:
    return (
        f"npx cdk deploy -c env={patient.env}   # and then: aws ecs update-service "
        f"--force-new-deployment, on the cluster of {patient.env}"
    )


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        return ""


async def _post(patient: Patient, url: str, signature: str) -> httpx.Response:
    return await patient.ask(
        "the API", "POST", url, data=_FORM, headers={"X-Twilio-Signature": signature}
    )


async def _shake(patient: Patient, url: str, headers: dict[str, str]) -> int:
    try:
        return await shake(patient.http, url, headers)
    except httpx.TransportError as error:
        raise UnreachableError("the media service", url, error, _restart(patient)) from error
