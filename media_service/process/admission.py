"""Who may speak with a call: a stream is checked, and claims its leg, ahead of any vendor."""

import asyncio
from typing import Protocol

from calls import stream_token
from calls.call import Call, CallSidMismatchError, LegRefusedError, now
from calls.ports import CallNotFoundError, CallRecords, Secrets
from calls.resuming import MAX_LEGS
from calls.stream_token import StreamTokenError
from media_service.phone.stream_protocol import Start


class RefusedError(Exception):
    """This stream is not let in. ``reason`` is a few static words, with nothing that came in."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Signed(Protocol):
    """Whether Twilio signed a request to ``url``."""

    def __call__(self, auth_token: str, url: str, signature: str | None) -> bool: ...


async def claim(
    records: CallRecords, secrets: Secrets, start: Start, task_id: str | None = None
) -> tuple[Call, int]:
    """The call that this stream carries, its leg claimed for this task, and the leg.

    Raises:
        RefusedError: the stream's token, CallSid or leg is not right; nothing was changed.
    """
    call_id = start.parameters.get("call_id", "")
    leg = _leg(start.parameters.get("leg", ""))
    secret = await asyncio.to_thread(secrets.get, "stream-secret")
    at = now()
    try:
        stream_token.verify(
            secret, start.parameters.get("token", ""),
            call_id=call_id, leg=leg, call_sid=start.call_sid, at=at,
        )  # fmt: skip
        call = await asyncio.to_thread(
            records.update,
            call_id,
            lambda call: call.bind(start.call_sid).claim_leg(leg, start.stream_sid, at, task_id),
        )
    except StreamTokenError as error:
        raise RefusedError(f"the token is {error}") from error
    except CallNotFoundError as error:
        raise RefusedError("there is no such call") from error
    except CallSidMismatchError as error:
        raise RefusedError("the call is bound to another CallSid") from error
    except LegRefusedError as error:
        raise RefusedError("the leg was used, or the call is over") from error
    return call, leg


def _leg(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and 1 <= int(text) <= MAX_LEGS):
        raise RefusedError("there is no such leg")
    return int(text)
