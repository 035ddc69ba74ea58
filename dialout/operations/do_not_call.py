"""Who is never to be phoned."""

from types import NoneType

from dialout.exchange import Sent
from dialout.listing import Listing, ListingPage
from dialout.operation import Group, S, operation


class DoNotCall(Group[S]):
    """``client.do_not_call``."""

    @operation("PUT", "/do-not-call/{number}", Listing)
    def add(self, number: str, *, reason: str | None = None) -> Sent:
        """Never phone ``number`` (E.164) again. One that is listed already stays as it is."""
        return Sent(path={"number": number}, body={} if reason is None else {"reason": reason})

    @operation("GET", "/do-not-call/{number}", Listing)
    def get(self, number: str) -> Sent:
        """Since when it is listed, and why. One that is not is an ``ApiError``, 404."""
        return Sent(path={"number": number})

    @operation("DELETE", "/do-not-call/{number}", NoneType)
    def remove(self, number: str) -> Sent:
        """Take it off the list. One that is not on it is an ``ApiError``, 404."""
        return Sent(path={"number": number})

    @operation("GET", "/do-not-call", ListingPage)
    def list(self, *, limit: int = 100, cursor: str | None = None) -> Sent:
        """The list, in the numbers' order; ``limit`` up to 1000."""
        return Sent(query={"limit": limit, "cursor": cursor})
