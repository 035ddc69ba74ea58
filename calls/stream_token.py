"""The token that lets Twilio's stream in: bound to one call, one leg, one CallSid, one expiry."""

import hashlib
import hmac
from datetime import datetime


class StreamTokenError(Exception):
    """The token is not the one that this stream needs. Says which check failed, never the token."""


def _digest(secret: str, call_id: str, leg: int, call_sid: str, expires: int) -> str:
    message = f"{call_id}\n{leg}\n{call_sid}\n{expires}".encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def sign(secret: str, call_id: str, leg: int, call_sid: str, until: datetime) -> str:
    """The token of a leg: ``<unix expiry>.<hex HMAC-SHA256>``, the same at every fetch of it."""
    expires = int(until.timestamp())
    return f"{expires}.{_digest(secret, call_id, leg, call_sid, expires)}"


def verify(secret: str, token: str, *, call_id: str, leg: int, call_sid: str, at: datetime) -> None:
    """Nothing, if the token is that call's, that leg's and that CallSid's, and not expired.

    Raises:
        StreamTokenError: it is not.
    """
    expires, _, digest = token.partition(".")
    # 10 digits reach the year 2286; anything longer is not ours, and int() of it could be slow.
    if not (expires.isascii() and expires.isdigit() and len(expires) <= 10):
        raise StreamTokenError("malformed")
    expected = _digest(secret, call_id, leg, call_sid, int(expires))
    if not hmac.compare_digest(digest.encode(), expected.encode()):
        raise StreamTokenError("not signed for this call, leg and CallSid")
    if at.timestamp() >= int(expires):
        raise StreamTokenError("expired")
