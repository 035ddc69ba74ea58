"""What a ``change`` command changes: what is given. What is not stays."""

from collections.abc import Collection, Mapping
from typing import Any

NONE = "none"
"""What takes something away."""


def given(fields: Mapping[str, Any], may_go: Collection[str] = ()) -> dict[str, Any]:
    """The fields that are given, by name.

    Args:
        fields: None where an option was not given.
        may_go: of these, ``none`` becomes None: the field is to be taken away.
    """
    return {
        field: None if field in may_go and value == NONE else value
        for field, value in fields.items()
        if value is not None
    }
