"""The `dialout` command, and the Python client: ``from dialout import Client, AsyncClient``."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dialout.call_request import CallRequest as CallRequest
    from dialout.call_request import Consent as Consent
    from dialout.client import AsyncClient as AsyncClient
    from dialout.client import Client as Client
    from dialout.problem import ApiError as ApiError
    from dialout.problem import DialoutError as DialoutError
    from dialout.problem import UnreachableError as UnreachableError

_HOME = {
    "ApiError": "dialout.problem",
    "AsyncClient": "dialout.client",
    "CallRequest": "dialout.call_request",
    "Client": "dialout.client",
    "Consent": "dialout.call_request",
    "DialoutError": "dialout.problem",
    "UnreachableError": "dialout.problem",
}
__all__ = [
    "ApiError",
    "AsyncClient",
    "CallRequest",
    "Client",
    "Consent",
    "DialoutError",
    "UnreachableError",
]


def __getattr__(name: str) -> Any:
    # Only when asked for: httpx and pydantic take 200 ms, and `dialout --help` needs neither.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
