"""An API that answers as it is told to, for the client and for the command."""

from collections.abc import Mapping
from typing import Any

import httpx

from dialout import Client


class Api:
    """Answers in turn, and keeps what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def will(self, *answers: httpx.Response | Exception | Mapping[str, Any]) -> None:
        """Answer so next; what is no response is the JSON of one."""
        self.answers += [
            httpx.Response(200, json=answer) if isinstance(answer, Mapping) else answer
            for answer in answers
        ]

    def client(self) -> Client:
        """A client of it."""
        transport = httpx.MockTransport(self)
        return Client("https://api.test/", "the-key", transport=transport, sleep=self.slept.append)
