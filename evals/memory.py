"""What calls keep and use outside of themselves, in memory: one call's, and nobody is phoned."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from threading import Lock

from calls.call import Call, Turn
from calls.do_not_call import Listing
from calls.greeting import Greeting
from calls.ports import (
    CallNotFoundError,
    FencedError,
    Idempotency,
    ScheduleNotFoundError,
    SecretMissingError,
    TwilioCall,
)
from calls.schedule import Schedule

ENVIRONMENT = {
    "groq/api-key": "GROQ_API_KEY",
    "openai/api-key": "OPENAI_API_KEY",
    "anthropic/api-key": "ANTHROPIC_API_KEY",
}
"""Secret → the variable that has it on a laptop."""


class Records:
    """``calls.ports.CallRecords``.

    Args:
        said: called with every turn as it is written, in the writer's thread.
        changed: called with the call before and after every change.
    """

    def __init__(self, said: Callable[[Turn], None], changed: Callable[[Call, Call], None]) -> None:
        self._calls: dict[str, Call] = {}
        self._turns: dict[str, dict[int, Turn]] = {}
        self._lock = Lock()
        self._said = said
        self._changed = changed

    def create(self, call: Call, idempotency: Idempotency | None = None) -> None:
        """See the port."""
        self._calls[call.call_id] = call

    def check_unused(self, idempotency: Idempotency) -> None:
        """No key is ever used twice."""

    def made_for(self, api_key: str, key: str) -> str | None:
        """See the port."""
        return None

    def get(self, call_id: str) -> Call:
        """See the port."""
        try:
            return self._calls[call_id]
        except KeyError:
            raise CallNotFoundError(call_id) from None

    def update(
        self, call_id: str, change: Callable[[Call], Call], created: Call | None = None
    ) -> Call:
        """See the port."""
        with self._lock:
            before = self.get(call_id)
            after = self._calls[call_id] = change(before)
        self._changed(before, after)
        return after

    def append_turn(self, call_id: str, leg: int, turn: Turn) -> None:
        """See the port."""
        if self.get(call_id).active_leg != leg:
            raise FencedError(call_id)
        self._turns.setdefault(call_id, {})[turn.number] = turn
        self._said(turn)

    def turns(self, call_id: str) -> list[Turn]:
        """See the port."""
        return [turn for _, turn in sorted(self._turns.get(call_id, {}).items())]

    def open_calls(self) -> list[str]:
        """See the port."""
        return sorted(call_id for call_id, call in self._calls.items() if not call.ended)

    def among(self, call_ids: Sequence[str]) -> list[Call]:
        """See the port."""
        return [self._calls[call_id] for call_id in call_ids if call_id in self._calls]

    def newest(self, day: date, *, limit: int, before: str | None = None) -> list[Call]:
        """See the port."""
        return list(self._calls.values())[:limit]


class DoNotCall:
    """``calls.ports.DoNotCallList``."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._listed: dict[str, Listing] = {}

    def put(self, listing: Listing) -> Listing:
        """See the port."""
        return self._listed.setdefault(listing.number, listing)

    def get(self, number: str) -> Listing | None:
        """See the port."""
        return self._listed.get(number)

    def among(self, numbers: Sequence[str]) -> set[str]:
        """See the port."""
        return self._listed.keys() & set(numbers)

    def remove(self, number: str) -> bool:
        """See the port."""
        return self._listed.pop(number, None) is not None

    def page(self, *, limit: int, after: str | None = None) -> list[Listing]:
        """See the port."""
        numbers = sorted(number for number in self._listed if number > (after or ""))
        return [self._listed[number] for number in numbers[:limit]]

    def opt_out(self, call_id: str, change: Callable[[Call], Call], listing: Listing) -> Call:
        """See the port."""
        changed = self._records.update(call_id, change)
        self.put(listing)
        return changed


class Greetings:
    """``calls.ports.Greetings``: nothing was prepared, so every greeting is spoken live."""

    def put(self, call_id: str, greeting: Greeting) -> None:
        """Not kept."""

    def get(self, call_id: str) -> Greeting | None:
        """See the port."""
        return None


class Telephony:
    """``calls.ports.Telephony`` of a call that is up.

    Args:
        ends: called when the call is hung up or handed over, in the caller's thread.
    """

    def __init__(self, ends: Callable[[], None]) -> None:
        self._ends = ends
        self._transferred = False

    def create_call(
        self, *, to: str, from_: str, url: str, status_callback: str,
        ring_seconds: int, max_call_seconds: int, answered_by_callback: str | None = None,
    ) -> str:  # fmt: skip
        """Never: the one call is up."""
        raise NotImplementedError

    def status(self, call_sid: str) -> TwilioCall | None:
        """See the port."""
        return None

    def created_since(self, to: str, from_: str, since: datetime) -> list[TwilioCall]:
        """See the port."""
        return []

    def hang_up(self, call_sid: str) -> None:
        """See the port."""
        self._ends()

    def redirect(self, call_sid: str, url: str) -> None:
        """See the port."""
        self._ends()

    def transfer(self, call_sid: str, to: str, caller_id: str) -> None:
        """See the port."""
        self._transferred = True
        self._ends()

    def dialled(self, call_sid: str) -> bool:
        """See the port."""
        return self._transferred

    def start_recording(self, call_sid: str, status_callback: str) -> str:
        """See the port."""
        return "RE00000000000000000000000000000001"

    def recording(self, recording_sid: str) -> bytes:
        """See the port."""
        return b""


class Schedules:
    """``calls.ports.Schedules``, of which none is ever due."""

    def __init__(self) -> None:
        self._schedules: dict[str, Schedule] = {}

    def create(self, schedule: Schedule, idempotency: Idempotency | None = None) -> None:
        """See the port."""
        self._schedules[schedule.schedule_id] = schedule

    def check_unused(self, idempotency: Idempotency) -> None:
        """No key is ever used twice."""

    def get(self, schedule_id: str) -> Schedule:
        """See the port."""
        try:
            return self._schedules[schedule_id]
        except KeyError:
            raise ScheduleNotFoundError(schedule_id) from None

    def update(self, schedule_id: str, change: Callable[[Schedule], Schedule]) -> Schedule:
        """See the port."""
        changed = self._schedules[schedule_id] = change(self.get(schedule_id))
        return changed

    def newest(
        self, *, limit: int, before: str | None = None, to_number: str | None = None
    ) -> list[Schedule]:
        """See the port."""
        return list(self._schedules.values())[:limit]

    def delete(self, schedule: Schedule, idempotency: Idempotency | None = None) -> None:
        """See the port."""
        self._schedules.pop(schedule.schedule_id, None)


class Timer:
    """``calls.ports.Timer`` that never fires."""

    def put(self, schedule: Schedule) -> None:
        """See the port."""

    def delete(self, schedule_id: str, timer: int) -> None:
        """See the port."""


class Secrets:
    """``calls.ports.Secrets``, from the environment or .env."""

    def __init__(self, environment: Mapping[str, str | None]) -> None:
        self._found = {
            name: environment[variable]
            for name, variable in ENVIRONMENT.items()
            if environment.get(variable)
        }
        # Signs what is posted to the user's own servers, which are not asked.
        self._found["webhook-secret"] = "of-an-eval"

    def get(self, name: str) -> str:
        """See the port."""
        found = self._found.get(name)
        if found is None:
            raise SecretMissingError(f"{name}: set {ENVIRONMENT.get(name, name)} in .env")
        return found

    def has(self, vendor: str) -> bool:
        """Whether there is a key of this vendor's."""
        return f"{vendor}/api-key" in self._found
