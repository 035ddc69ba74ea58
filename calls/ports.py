"""What the core asks of the outside world. The adapters answer it, and so do the tests' fakes.

Every method may block: async code calls it in a thread. What they take and give is named for its
type alone: whoever has to do with calls does not load schedules and agents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from calls.agent import Agent
    from calls.attempts import Cap
    from calls.call import Call, Turn
    from calls.do_not_call import Listing
    from calls.greeting import Greeting
    from calls.preparation import Preparation
    from calls.schedule import Schedule
    from calls.seats import Beat, Fleet, Place
    from calls.waiting import Waiting


class CallNotFoundError(Exception):
    """There is no such call."""


class FencedError(Exception):
    """Another leg has taken the call over, or it is over: this writer may not write any more."""


class TelephonyError(Exception):
    """The telephony vendor refused or failed.

    Attributes:
        code: Twilio's error code, where it gave one.
        ambiguous: it may have done what it was asked: never ask again.
    """

    def __init__(self, message: str, *, code: int | None = None, ambiguous: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.ambiguous = ambiguous


class SecretMissingError(Exception):
    """A secret is not set. The message names it and the command that sets it."""


class CallRecords(Protocol):
    """The calls and their turns, kept."""

    def create(self, call: Call, idempotency: Idempotency | None = None) -> None:
        """Keep a new call that has no seat, and with it the key that must never make a second one.

        Raises:
            IdempotencyTakenError: a call was made for that key; it names the call.
        """

    def check_unused(self, idempotency: Idempotency) -> None:
        """Nothing, if no call was made for that key.

        Raises:
            IdempotencyTakenError: one was; it names the call.
        """

    def made_for(self, api_key: str, key: str) -> str | None:
        """The id of the call that was made for a key of an API key; None, if there is none."""

    def get(self, call_id: str) -> Call:
        """The call as it is now (a consistent read).

        Raises:
            CallNotFoundError: there is none.
        """

    def update(
        self, call_id: str, change: Callable[[Call], Call], created: Call | None = None
    ) -> Call:
        """Put ``change(call)`` in the call's place, atomically: ``change`` may run several times.

        A call that so ends gives its seat back in the same step, once. Whatever ``change`` raises
        comes out, and then nothing is written.

        Args:
            call_id: the call's.
            change: pure.
            created: the call as it was kept just now. The first try takes it for what is there,
                and spares a look.
        """

    def append_turn(self, call_id: str, leg: int, turn: Turn) -> None:
        """Keep a turn that ``leg`` heard. Writing the same number again replaces it.

        Raises:
            FencedError: ``leg`` is not the call's active leg.
        """

    def turns(self, call_id: str) -> list[Turn]:
        """The conversation so far, in order."""

    def open_calls(self) -> list[str]:
        """The ids of all calls that have not ended, oldest first."""

    def among(self, call_ids: Sequence[str]) -> list[Call]:
        """Those of these calls that there are, in the same order (consistent reads)."""

    def newest(self, day: date, *, limit: int, before: str | None = None) -> list[Call]:
        """That UTC day's calls, newest first: at most ``limit``, older than ``before``."""


class Ledger(Protocol):
    """Who has a seat, and whose turn it is. No call is dialled but through here."""

    def beat(self, beat: Beat) -> None:
        """Keep what a task says of itself, in place of what it said before."""

    def fleet(self) -> Fleet:
        """The ledger as it is now (a consistent read). Tasks that are long silent may be in it."""

    def attempts(self, number: str, day: date) -> int:
        """How often a number was dialled on that day of its own."""

    def seat(
        self, call: Call, place: Place, cap: Cap, idempotency: Idempotency | None = None
    ) -> Call | None:
        """Keep a new call together with its seat and its turn: all of it, or nothing.

        The seat is the call's until it ends, or until ``call.stream_until``. It counts as one of
        the number's attempts of the day.

        Returns:
            The call; None, if the place is not free any more.

        Raises:
            IdempotencyTakenError: a call was made for that key; it names the call.
            NumberListedError: the number is on the do-not-call list.
            CapReachedError: the number had all its calls of the day.
        """

    def admit(self, call: Call, capacity: int, idempotency: Idempotency) -> Call | None:
        """Keep a call that somebody made to us, together with its seat: both, or neither.

        Returns:
            The call; None, if as many seats are used as there are.

        Raises:
            IdempotencyTakenError: a call was made for that key; it names the call.
        """

    def seat_queued(
        self, call_id: str, change: Callable[[Call], Call], place: Place, cap: Cap
    ) -> Call | None:
        """As ``seat``, for a call that is kept already: ``change(call)`` takes its place.

        Whatever ``change`` raises comes out, and then nothing is taken.
        """

    def free_expired(self, at: datetime) -> list[str]:
        """Take back the seats that were not given back in time; the ids of their calls."""

    def reconcile(self) -> int:
        """Set the count of used seats to what it must be; by how much it was too high.

        0 too, if seats were taken or given back meanwhile: then it cannot be told.
        """


class NumberListedError(Exception):
    """The number is on the do-not-call list."""


class CapReachedError(Exception):
    """The number was dialled as often as it may be on one day."""


class DoNotCallList(Protocol):
    """The numbers that are never to be phoned again."""

    def put(self, listing: Listing) -> Listing:
        """List the number. The listing that stands: the first, if it was listed already."""

    def get(self, number: str) -> Listing | None:
        """How the number came onto the list; None, if it is not on it (a consistent read)."""

    def among(self, numbers: Sequence[str]) -> set[str]:
        """Those of these numbers that are on the list."""

    def remove(self, number: str) -> bool:
        """Take it off. Whether it was on it."""

    def page(self, *, limit: int, after: str | None = None) -> list[Listing]:
        """Some of the list, in the numbers' order, beginning after one."""

    def opt_out(self, call_id: str, change: Callable[[Call], Call], listing: Listing) -> Call:
        """List the number and put ``change(call)`` in the call's place: in one step, or neither.

        As ``CallRecords.update`` otherwise. A number that is listed already stays as it is.
        """


class DialQueue(Protocol):
    """Where calls wait for a seat."""

    def put(self, waiting: Waiting, delay_seconds: int) -> None:
        """Have it come up again after so long; ``delay_seconds`` is at most 900."""


class Idempotency:
    """One key of one API key, and what was asked under it."""

    def __init__(self, api_key: str, key: str, request_sha256: str) -> None:
        self.api_key = api_key
        self.key = key
        self.request_sha256 = request_sha256


class IdempotencyTakenError(Exception):
    """A call was made for this key already."""

    def __init__(self, call_id: str, request_sha256: str) -> None:
        super().__init__(f"a call was made for this key already: {call_id}")
        self.call_id = call_id
        self.request_sha256 = request_sha256


@dataclass(frozen=True)
class TwilioCall:
    """A call as Twilio knows it."""

    call_sid: str
    status: str
    """Twilio's word: ``queued``, ``ringing``, ``in-progress``, ``completed``, ``busy``…"""
    duration_seconds: int | None = None


class Telephony(Protocol):
    """The phone network."""

    def create_call(
        self, *, to: str, from_: str, url: str, status_callback: str,
        ring_seconds: int, max_call_seconds: int, answered_by_callback: str | None = None,
    ) -> str:  # fmt: skip
        """Ring somebody. The CallSid.

        With ``answered_by_callback`` Twilio's answering machine detection listens too, beside the
        call, and tells there what it finds.

        Raises:
            TelephonyError: refused; or ``ambiguous``, when nobody knows.
        """

    def status(self, call_sid: str) -> TwilioCall | None:
        """How Twilio says the call stands; None, if it knows no such call."""

    def created_since(self, to: str, from_: str, since: datetime) -> list[TwilioCall]:
        """The calls from one number to another that Twilio was asked for since then."""

    def hang_up(self, call_sid: str) -> None:
        """End a call, ringing or talking; nothing, if it has ended already."""

    def redirect(self, call_sid: str, url: str) -> None:
        """Make a live call fetch its TwiML from ``url`` now."""

    def transfer(self, call_sid: str, to: str, caller_id: str) -> None:
        """Join the callee of a live call with ``to``, who sees ``caller_id`` calling.

        Our own part of the call is over with it, and the call ends when either hangs up.

        Raises:
            TelephonyError: refused, or the call is not live any more; or ``ambiguous``.
        """

    def dialled(self, call_sid: str) -> bool:
        """Whether somebody was phoned to be joined with this call: a transfer of it was made.

        Raises:
            TelephonyError: it could not be asked.
        """

    def start_recording(self, call_sid: str, status_callback: str) -> str:
        """Record both sides, each on its channel, untrimmed, from now on. The RecordingSid."""

    def recording(self, recording_sid: str) -> bytes:
        """The recording: WAV, two channels."""


class Greetings(Protocol):
    """What was prepared for calls while they rang."""

    def put(self, call_id: str, greeting: Greeting) -> None:
        """Keep it, in place of what was kept for the call before."""

    def get(self, call_id: str) -> Greeting | None:
        """What was prepared for the call; None, if nothing was (a consistent read)."""


class PrepareQueue(Protocol):
    """The calls that ring and are to be prepared, by whichever media task is first."""

    def put(self, call_id: str) -> None:
        """Have that call prepared."""

    def take(self, seconds: int) -> list[Preparation]:
        """The next, if any comes within so many seconds. It comes again, unless it is done."""

    def done(self, preparation: Preparation) -> None:
        """It need not come again."""

    def give_back(self, preparation: Preparation) -> None:
        """Let somebody else take it, at once."""


class Secrets(Protocol):
    """The secrets of this environment."""

    def get(self, name: str) -> str:
        """The secret of that name below the prefix, such as ``twilio/auth-token``.

        Raises:
            SecretMissingError: it is not set.
        """


class CompletionError(Exception):
    """No vendor of the agent's LLM gave an answer; later one may. The message quotes nothing that
    was sent."""


class UnreadableAnswerError(Exception):
    """The LLM answered, and not with a JSON object."""


class Completion(Protocol):
    """An agent's own LLM, asked for JSON apart from any conversation."""

    def ask(
        self, agent: Agent, messages: list[dict[str, str]], schema: dict[str, Any]
    ) -> dict[str, Any]:
        """The answer to ``messages``, each ``{role, content}``, the first of role ``system``.

        The vendor is told the schema, and may not keep to it.

        Args:
            schema: a JSON schema of an object.

        Raises:
            UnreadableAnswerError: it is no JSON object.
            CompletionError: there is no answer.
        """


class ScheduleNotFoundError(Exception):
    """There is no such schedule."""


class ScheduleTakenError(Exception):
    """A schedule was made for this key already."""

    def __init__(self, schedule_id: str, request_sha256: str) -> None:
        super().__init__(f"a schedule was made for this key already: {schedule_id}")
        self.schedule_id = schedule_id
        self.request_sha256 = request_sha256


class Schedules(Protocol):
    """The schedules, kept. What makes them fire is the ``Timer``."""

    def create(self, schedule: Schedule, idempotency: Idempotency | None = None) -> None:
        """Keep a new schedule, and with it the key that must never make a second one.

        Raises:
            ScheduleTakenError: a schedule was made for that key; it names the schedule.
        """

    def check_unused(self, idempotency: Idempotency) -> None:
        """Nothing, if no schedule was made for that key.

        Raises:
            ScheduleTakenError: one was; it names the schedule.
        """

    def get(self, schedule_id: str) -> Schedule:
        """The schedule as it was written last (a consistent read).

        Raises:
            ScheduleNotFoundError: there is none.
        """

    def update(self, schedule_id: str, change: Callable[[Schedule], Schedule]) -> Schedule:
        """Put ``change(schedule)`` in its place, atomically: ``change`` may run several times.

        Raises:
            ScheduleNotFoundError: there is none; and whatever ``change`` raises, which so writes
                nothing.
        """

    def delete(self, schedule: Schedule, idempotency: Idempotency | None = None) -> None:
        """As if it had never been kept, nor its key."""

    def newest(
        self, *, limit: int, before: str | None = None, to_number: str | None = None
    ) -> list[Schedule]:
        """The newest, at most ``limit``, older than ``before``; of all, or of one number."""


class Timer(Protocol):
    """What fires schedules: each firing is a message on the timed queue, perhaps more than once.

    A schedule's timers are told apart by their numbers.
    """

    def put(self, schedule: Schedule) -> None:
        """Have its timer of the number that it has now fire as it says now.

        What would never fire must not be put.
        """

    def delete(self, schedule_id: str, timer: int) -> None:
        """Have the timer of that number fire no more; nothing, if there is none."""
