"""The telephone exchange: every call, number and recording, and the tasks that run them."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from rehearsal.scenario import Callee, Scenario

from . import call_request
from .account import Account, Number
from .call import Call, Clock, new_sid
from .call_request import CallRequest
from .fault import CALL, CREATE, TRANSFER, Faults
from .phone_call import PhoneCall
from .problem import server_error, too_many_requests
from .recorder import Recorder
from .scenarios import Scenarios
from .webhook import Webhooks


class Exchange:
    """Places calls and keeps what becomes of them.

    Args:
        account: Its one customer.
        scenarios: Who answers.
        voices: The folder of clips.
        recordings: The folder for recordings.
    """

    def __init__(
        self, account: Account, scenarios: Scenarios, voices: Path, recordings: Path
    ) -> None:
        self.account = account
        self.token = account.token
        self.voices = voices
        self.clock = Clock()
        self.webhooks = Webhooks(account.token, self.clock)
        self.recorder = Recorder(recordings, account.sid, self.clock)
        self.faults = Faults()
        self.calls: dict[str, PhoneCall] = {}
        numbers = (Number(account.sid, number) for number in sorted(account.numbers))
        self.numbers = {number.sid: number for number in numbers}
        self._scenarios = scenarios
        self._tasks: set[asyncio.Task[Any]] = set()

    async def place(self, form: call_request.Form) -> Call:
        """Take a call on and begin to dial.

        Raises:
            Problem: it is refused, or Twilio has trouble of its own by order.
        """
        struck = self.faults.take(CREATE)
        if "create_slow" in struck:
            await asyncio.sleep(float(struck["create_slow"].get("seconds", 5.0)))
        if "create_429" in struck:
            raise too_many_requests()
        if "create_500" in struck:
            raise server_error()
        request = call_request.parse(form, self.account.numbers)
        faults = self.faults.take(CALL)
        call = self._dial(request, faults)
        if "create_500_after" in faults:
            raise server_error()
        return call

    async def transferring(self) -> None:
        """Somebody wants a live call to do something else.

        Raises:
            Problem: it does not, by order.
        """
        struck = self.faults.take(TRANSFER)
        if "transfer_hangs" in struck:
            await asyncio.sleep(float(struck["transfer_hangs"].get("seconds", 5.0)))
            raise server_error()

    def _dial(self, request: CallRequest, faults: dict[str, dict[str, Any]]) -> Call:
        return self._begin(request, faults, *self._scenarios.answering(request.to))

    def ring(self, caller: str, called: str, scenario: str | None = None) -> Call:
        """Have somebody phone one of the account's numbers.

        Args:
            scenario: whose caller it is; by default, who has that number.

        Raises:
            NotConnectedError: nothing answers there.
            LookupError: no such number, or no such scenario.
        """
        for number in self.numbers.values():
            if number.phone_number == called:
                break
        else:
            raise LookupError(f"{called} is no number of this account")
        who = self._scenarios.calling(caller, scenario)
        return self._begin(number.incoming(caller), self.faults.take(CALL), *who)

    def _begin(
        self, request: CallRequest, faults: dict[str, dict[str, Any]], name: str, scenario: Scenario
    ) -> Call:
        now = self.clock.now()
        call = Call(new_sid("CA"), self.account.sid, request, now, name)
        call.events.add(now, "created", {"scenario": name, "faults": sorted(faults)})
        self.calls[call.sid] = PhoneCall(call, scenario.callee, self, faults)
        self.background(self.calls[call.sid].run())
        return call

    def person(self, number: str) -> Callee | None:
        """Who has that number; None: nobody."""
        found = self._scenarios.known(number)
        return found[1].callee if found else None

    def background(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something that no call waits for."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End every call where it stands, tell nobody, and leave no task or socket."""
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.webhooks.close()
