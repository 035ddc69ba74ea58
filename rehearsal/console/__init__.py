"""The console: a page that shows calls as they happen, over the public API alone.

It has no server of its own. Its files are served at ``/console``; the API that it asks may be this
world's or a deployed one, and the key to it is in the page's memory only.
"""

from pathlib import Path

from aiohttp import web

from rehearsal.pages import static

FILES = Path(__file__).parent / "static"
POLICY = (
    # Whatever somebody says in a call is shown as text: no script runs but our own files', and none
    # can make markup of a string.
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'; "
    # Any deployed API, and this machine's; a key is not sent in clear to another.
    "connect-src 'self' https: http://localhost:* http://127.0.0.1:*"
)


def routes() -> list[web.RouteDef]:
    """``/console`` and its files."""
    return static.page("/console", FILES, POLICY)
