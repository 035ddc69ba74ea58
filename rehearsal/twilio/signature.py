"""``X-Twilio-Signature``, made with Twilio's own library."""

from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from twilio.request_validator import RequestValidator


def sign(token: str, url: str, parameters: Mapping[str, str]) -> str:
    """The header's value for a request to `url` with these form fields (none for GET and ws).

    As Twilio does, https is signed without its port, http and ws with theirs.
    """
    return str(RequestValidator(token).compute_signature(_signed_url(url), dict(parameters)))


def _signed_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.port is not None:
        parts = parts._replace(netloc=parts.netloc.rpartition(":")[0])
    return urlunsplit(parts._replace(fragment=""))
