"""The API's operations as data: each is declared once, and is a method of both clients.

>>> class Calls(Group[S]):
...     @operation("GET", "/calls/{call_id}", CallRecord)
...     def get(self, call_id: str) -> Sent:
...         return Sent(path={"call_id": call_id})

``Calls[Sender](...).get("01")`` is a ``CallRecord``; ``Calls[AsyncSender](...).get("01")`` is to be
awaited for one.
"""

import functools
from collections.abc import Callable, Coroutine
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from dialout.exchange import Sent, exchange
from dialout.sender import AsyncSender, Sender

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", Sender, AsyncSender)


class Group(Generic[S]):
    """Operations that belong together."""

    def __init__(self, sender: S) -> None:
        self._sender: S = sender


class Operation(Generic[P, T]):
    """One method at one route of the API."""

    def __init__(
        self,
        method: str,
        route: str,
        model: type[T],
        describe: Callable[Concatenate[Any, P], Sent],
    ) -> None:
        self.method = method
        self.route = route
        self.model = model
        self.describe = describe
        self.__doc__ = describe.__doc__

    @overload
    def __get__(self, group: None, owner: type) -> Self: ...
    @overload
    def __get__(self, group: Group[Sender], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, group: Group[AsyncSender], owner: type
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, group: Group[Any] | None, owner: type) -> Any:
        if group is None:
            return self

        sender = group._sender

        @functools.wraps(MethodType(self.describe, group))
        def bound(*args: P.args, **kwargs: P.kwargs) -> Any:
            sent = self.describe(group, *args, **kwargs)
            return sender.run(exchange(self.method, self.route, self.model, sent, sender.host))

        return bound


def operation(
    method: str, route: str, model: type[T]
) -> Callable[[Callable[Concatenate[Any, P], Sent]], Operation[P, T]]:
    """Declares the method: what it takes is what it needs, what it returns is what is sent.

    Args:
        model: what the answer is read as; ``bytes`` as it is, also from where it is redirected to;
            ``NoneType``: there is none.
    """

    def declared(describe: Callable[Concatenate[Any, P], Sent]) -> Operation[P, T]:
        return Operation(method, route, model, describe)

    return declared
