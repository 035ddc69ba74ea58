"""What an agent's ``context_url`` knows of a callee, as it answers while the phone rings."""

import json
import math
import re

from calls.dial_request import LARGEST, LONGEST
from calls.variable import Value

MOST = 50
"""So many variables are taken, in the answer's order."""
LARGEST_BYTES = 64 * 1024

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class ContextError(ValueError):
    """The answer is not what a context has to be. The message quotes nothing of it."""


def parse(answer: bytes) -> dict[str, Value]:
    """The variables in an answer: a JSON object's fields that a variable could have.

    What no text can show (objects, lists, null) and what is too long is left out: a CRM's answer
    may hold far more than an agent's texts use.

    Raises:
        ContextError: it is too large, or no JSON object.
    """
    if len(answer) > LARGEST_BYTES:
        raise ContextError(f"the context is larger than {LARGEST_BYTES} bytes")
    try:
        fields = json.loads(answer)
    except (ValueError, RecursionError):
        raise ContextError("the context is not JSON") from None
    if not isinstance(fields, dict):
        raise ContextError("the context is not a JSON object")
    fit = [
        (name, value) for name, value in fields.items() if _NAME.fullmatch(name) and _fits(value)
    ]
    return dict(fit[:MOST])


def _fits(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and abs(value) <= LARGEST
