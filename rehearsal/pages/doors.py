"""Who may open a page of this machine: a browser on this machine, and a page that came from here.

A rehearsal has no secrets, but a phone in it hears a microphone. So a page of somebody else's must
not reach it: neither by a name of its own that it has pointed at 127.0.0.1 (DNS rebinding: the
``Host`` is not ours), nor by a request or a socket across sites (the ``Origin`` is not ours), nor
through a tunnel that is there for Twilio (whoever forwards says so).
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host")


def refusal(headers: Mapping[str, str], port: int, socket: bool = False) -> str | None:
    """Why this request is refused; None: it is not.

    Args:
        headers: The request's, by names in any case.
        port: Where we listen.
        socket: It is a WebSocket's handshake, which browsers let every page make: it has to say
            which page it comes from.
    """
    given = {name.lower(): value for name, value in headers.items()}
    if any(name in given for name in _FORWARDED):
        return (
            "this page is for a browser on the machine that it runs on: the request was forwarded"
        )
    host = given.get("host", "")
    if not _is_ours(f"http://{host}", port):
        return (
            f"open http://localhost:{port}: this page answers to no other name than this machine's"
        )
    origin = given.get("origin")
    if (origin is None and socket) or (origin is not None and origin != f"http://{host}"):
        return "this comes from another page than ours"
    return None


def _is_ours(url: str, port: int) -> bool:
    try:
        parts = urlsplit(url)
        named = (parts.hostname, parts.port or 80)
    except ValueError:
        return False
    plain = not (parts.username or parts.password or parts.path or parts.query or parts.fragment)
    return plain and named[0] in LOOPBACK and named[1] == port
