"""Misfortunes that a rehearsal may order, each for the next so many calls or requests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

CREATE = ("create_slow", "create_429", "create_500")
"""Strike before a call exists."""
CALL = (
    "create_500_after",
    "webhook_duplicate",
    "webhook_delay",
    "webhook_lost",
    "stream_cut",
    "redirect_on_broken",
)
"""Travel with a call; one that ``CREATE`` refused does not use them up."""

TRANSFER = ("transfer_hangs",)
"""Strikes a live call that is given its new instructions as TwiML: nothing is done, and the answer,
after so many seconds, is an error of Twilio's."""

ACCOUNT = ("account_trial", "number_without_voice", "country_closed")
"""Strike whoever asks for the account, its numbers, or a country's dialing permission."""

DETAILS: Mapping[str, Mapping[str, type]] = {
    "create_slow": {"seconds": float},
    "create_429": {},
    "create_500": {},
    "create_500_after": {},
    "webhook_duplicate": {"path": str, "status": str},
    "webhook_delay": {"path": str, "status": str, "seconds": float},
    "webhook_lost": {"path": str, "status": str},
    "stream_cut": {"seconds": float},
    "redirect_on_broken": {"then": str},
    "transfer_hangs": {"seconds": float},
    "account_trial": {},
    "number_without_voice": {},
    "country_closed": {},
}
"""What each may be told: ``path`` (a part of the webhook's path; all without it), ``status`` (only
reports of this CallStatus), ``seconds``, and ``then``: what a call does whose socket broke:
``follow`` the next verb, ``end``, or ``hold`` on."""

AFTER_BREAK = ("follow", "end", "hold")


@dataclass
class _Ordered:
    left: int
    detail: dict[str, Any]


@dataclass
class Faults:
    """What is ordered."""

    _ordered: dict[str, _Ordered] = field(default_factory=dict)

    def put(self, order: Mapping[str, Any]) -> None:
        """Order ``{name, times=1, …detail}``; the same name again replaces the order.

        Raises:
            ValueError: no such fault, or not its details.
        """
        detail = dict(order)
        name, times = detail.pop("name", None), detail.pop("times", 1)
        if name not in DETAILS:
            raise ValueError(f"no fault {name!r}; there are: {', '.join(DETAILS)}")
        if not isinstance(times, int) or times < 1:
            raise ValueError("times is a whole number from 1")
        for key, value in detail.items():
            kind = DETAILS[name].get(key)
            if kind is None or not isinstance(value, int | float if kind is float else kind):
                raise ValueError(f"{name} takes: {', '.join(DETAILS[name]) or 'nothing'}")
        if name == "redirect_on_broken" and detail.get("then", "follow") not in AFTER_BREAK:
            raise ValueError(f"then is one of {', '.join(AFTER_BREAK)}")
        self._ordered[name] = _Ordered(times, detail)

    def clear(self) -> None:
        """Cancel every order; calls that carry a fault already keep it."""
        self._ordered.clear()

    def listed(self) -> list[dict[str, Any]]:
        """What is still ordered."""
        return [
            {"name": name, "times": order.left, **order.detail}
            for name, order in self._ordered.items()
        ]

    def take(self, names: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Use up one of each of these that is ordered; name to details."""
        taken = {}
        for name in names:
            if (order := self._ordered.get(name)) is None:
                continue
            taken[name] = order.detail
            order.left -= 1
            if not order.left:
                del self._ordered[name]
        return taken
