"""Whether a request came from Twilio: the X-Twilio-Signature header over the public URL."""

from urllib.parse import parse_qs, parse_qsl, urlsplit

from twilio.request_validator import RequestValidator


class _Form:
    """Form parameters as Twilio's validator reads them; keeps repeated names and blank values."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    def __iter__(self) -> object:
        return iter({name for name, _ in self._pairs})

    def __len__(self) -> int:
        return len(self._pairs)

    def getall(self, name: str) -> list[str]:
        return [value for key, value in self._pairs if key == name]


def parse_form(body: str) -> list[tuple[str, str]]:
    """The pairs of a form-encoded body, in order, with repeated names and blank values."""
    return parse_qsl(body, keep_blank_values=True)


def is_twilios(
    auth_token: str, url: str, signature: str | None, form: list[tuple[str, str]] | str = ""
) -> bool:
    """Whether Twilio signed this request.

    Args:
        auth_token: of the account.
        url: the public URL that Twilio was given, with its query as it came; never one built from
            request headers. ``wss://`` for a stream's handshake.
        signature: the header's value; None if there was none.
        form: the body's pairs; or the body itself, where it is not a form.
    """
    if not signature:
        return False
    try:
        signed = _signed(url, form)
        return bool(RequestValidator(auth_token).validate(url, signed, signature))
    except ValueError:
        return False  # The URL is none, by its port for one: nobody was given it.


def _signed(url: str, form: list[tuple[str, str]] | str) -> str | _Form:
    """What of the body is signed, as Twilio's validator wants it."""
    if isinstance(form, str) and "bodySHA256" in parse_qs(urlsplit(url).query):
        return form
    # Without its hash in the query a body is not signed; the validator would raise over it.
    return _Form([] if isinstance(form, str) else form)
