"""Calls: phone somebody, and what became of it."""

from datetime import datetime
from typing import Unpack

from dialout.call_request import CallOptions, CallRequest
from dialout.exchange import Sent, new_key
from dialout.operation import Group, S, operation
from dialout.record import (
    CallRecord,
    Explanation,
    Fleet,
    Health,
    Page,
    PlacedCall,
    RecordingAddress,
)


class Calls(Group[S]):
    """The methods of the client itself."""

    @operation("POST", "/dialout", PlacedCall)
    def call(
        self,
        to_number: str,
        *,
        wait: bool = False,
        idempotency_key: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Sent:
        """Phone ``to_number`` (E.164).

        Args:
            wait: without a free seat now, wait in a queue for up to 15 minutes, instead of an
                ``ApiError`` ``no_free_seat``.
            idempotency_key: requests with the same one phone once, within 24 h. By default each
                ``call()`` makes its own, for its own tries.
            options: see ``CallOptions``; what this version does not know is sent as it is.
        """
        request = CallRequest(to_number=to_number, wait=wait, **options)
        return Sent(body=request, idempotent=idempotency_key or new_key())

    @operation("POST", "/dialout", Explanation)
    def dry_run(self, to_number: str, **options: Unpack[CallOptions]) -> Sent:
        """What would happen to such a call, rule by rule. Nobody is phoned."""
        request = CallRequest(to_number=to_number, dry_run=True, **options)
        return Sent(body=request, idempotent=new_key())

    @operation("GET", "/calls/{call_id}", CallRecord)
    def get(self, call_id: str) -> Sent:
        """The record of a call, with its transcript so far."""
        return Sent(path={"call_id": call_id})

    @operation("GET", "/calls", Page)
    def list(
        self,
        *,
        status: str | None = None,
        agent: str | None = None,
        campaign: str | None = None,
        since: datetime | None = None,
        limit: int = 20,
        cursor: str | None = None,
    ) -> Sent:
        """Calls, newest first.

        Args:
            status: ``open`` for those that have not ended.
            campaign: its id.
            since: with its time zone.
            limit: up to 100.
        """
        return Sent(
            query={
                "status": status,
                "agent": agent,
                "campaign": campaign,
                "since": since,
                "limit": limit,
                "cursor": cursor,
            }
        )

    @operation("DELETE", "/calls/{call_id}", CallRecord)
    def hang_up(self, call_id: str) -> Sent:
        """Take it from the queue, stop the ringing, or hang up.

        A call that has ended is an ``ApiError``, 409.
        """
        return Sent(path={"call_id": call_id})

    @operation("GET", "/calls/{call_id}/recording", bytes)
    def recording(self, call_id: str) -> Sent:
        """The recording as WAV: the callee on the left, the agent on the right."""
        return Sent(path={"call_id": call_id})

    @operation("GET", "/calls/{call_id}/recording", RecordingAddress)
    def recording_address(self, call_id: str) -> Sent:
        """Where anybody can fetch the recording from, for some minutes: for a player."""
        return Sent(path={"call_id": call_id}, accept="application/json")

    @operation("GET", "/fleet", Fleet)
    def fleet(self) -> Sent:
        """Seats, and the media tasks that offer them."""
        return Sent()

    @operation("GET", "/healthz", Health)
    def health(self) -> Sent:
        """Whether the API is alive. Needs no key, but a client has one."""
        return Sent()
