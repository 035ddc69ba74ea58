"""The signature under what is posted to a user's own addresses."""

import hashlib
import hmac

HEADER = "dialout-signature"


def signature(secret: str, body: bytes, at: int) -> str:
    """``t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">``, as Stripe has made common.

    Whoever checks it refuses what is older than some minutes, so that none can be sent again.
    """
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
