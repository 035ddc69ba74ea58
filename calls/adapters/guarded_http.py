"""The one client for addresses that a user or an agent gives.

https only; the name is resolved once, every address of it has to be public, and the connection goes
to the one that was checked, so that a name cannot change its mind between check and use. No
redirects, small answers, short waits.
"""

import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from calls.web_address import WebAddressError, https, public

MAX_ANSWER_BYTES = 256 * 1024
Resolver = Callable[[str, int], list[str]]


class GuardedRequestError(Exception):
    """The request was not made, or brought no answer. The message does not quote the address."""


class AddressRefusedError(GuardedRequestError):
    """The address may not be asked, now or later: not https, or not of the public internet."""


@dataclass(frozen=True)
class Answer:
    """What came back, whatever the status is."""

    status: int
    body: bytes
    """As it came."""
    headers: Mapping[str, str]
    """By name, in any case."""


def resolve(host: str, port: int) -> list[str]:
    """Every IP address of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class GuardedHttp:
    """Requests to the public internet, and to nowhere else."""

    def __init__(
        self,
        *,
        seconds: float = 5.0,
        resolver: Resolver = resolve,
        allowed: Callable[[str], bool] = public,
        transport: httpx.BaseTransport | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """A client. ``seconds`` are for each step, and for an answer that has begun, to its last
        byte. Who sends its headers byte by byte takes longer: callers keep a time of their own. A
        process that has a ``tls`` already need not read all certificates once more.
        """
        self._seconds = seconds
        self._resolve = resolver
        self._allowed = allowed
        self._client = httpx.Client(
            timeout=seconds,
            follow_redirects=False,
            trust_env=False,
            transport=transport,
            verify=True if tls is None else tls,
        )

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send ``body``.

        Raises:
            AddressRefusedError: the address may not be asked.
            GuardedRequestError: nothing came, or too much.
        """
        return self._send("POST", url, body, headers)

    def get(self, url: str, headers: dict[str, str]) -> Answer:
        """As ``post``."""
        return self._send("GET", url, None, headers)

    def _send(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        deadline = time.monotonic() + self._seconds
        try:
            asked = httpx.URL(https(url))
            # As the net knows it: a name in another script has one in ASCII too.
            host = asked.raw_host.decode("ascii")
            with self._client.stream(
                method,
                asked.copy_with(host=self._checked(host, asked.port or 443)),
                content=body,
                headers={
                    **headers,
                    "host": asked.netloc.decode("ascii"),
                    # What is packed may be a thousand times as long as it looks.
                    "accept-encoding": "identity",
                },
                # The certificate has to be the name's, not the address's.
                extensions={"sni_hostname": host},
            ) as answer:
                return Answer(answer.status_code, self._read(answer, deadline), answer.headers)
        except WebAddressError as error:
            raise AddressRefusedError(str(error)) from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise AddressRefusedError("not a URL") from error
        except (httpx.HTTPError, OSError) as error:
            raise GuardedRequestError(f"no answer: {type(error).__name__}") from error

    def _checked(self, host: str, port: int) -> str:
        addresses = self._resolve(host, port)
        if not addresses or not all(self._allowed(address) for address in addresses):
            raise WebAddressError("the address is not a public one")
        return addresses[0]

    @staticmethod
    def _read(answer: httpx.Response, deadline: float) -> bytes:
        # Nor is it unpacked where somebody packs it all the same.
        answer.headers.pop("content-encoding", None)
        read = b""
        for piece in answer.iter_bytes():
            read += piece
            if len(read) > MAX_ANSWER_BYTES:
                raise GuardedRequestError("the answer is too long")
            if time.monotonic() > deadline:
                raise GuardedRequestError("the answer took too long")
        return read
