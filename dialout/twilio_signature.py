"""``X-Twilio-Signature``, as Twilio makes it."""

import base64
import hashlib
import hmac
from collections.abc import Mapping


def sign(auth_token: str, url: str, form: Mapping[str, str] | None = None) -> str:
    """The header's value: HMAC-SHA1 over the URL and the form's fields, by name, run together.

    Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security
    """
    fields = "".join(f"{name}{value}" for name, value in sorted((form or {}).items()))
    digest = hmac.new(auth_token.encode(), f"{url}{fields}".encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
