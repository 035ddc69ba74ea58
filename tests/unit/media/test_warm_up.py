"""The call without anybody that comes before the first."""

import asyncio
import logging
from dataclasses import fields
from typing import Any

import pytest

from calls import agents
from calls.settings import Settings
from media_service.listening import models
from media_service.phone.line import Line
from media_service.process.warm_up import PIECES, warm_up
from media_service.signed_http import SignedHttp
from media_service.speaking.apology import apology
from media_service.vendors import Vendors
from media_service.world import World
from tests.fakes import FakeCallRecords, FakeGreetings, FakeSecrets, FakeTelephony


def world(**changes: Any) -> World:
    secrets, settings = FakeSecrets(), Settings()
    made: dict[str, Any] = {
        "settings": settings, "records": FakeCallRecords(), "telephony": FakeTelephony(),
        "vendors": Vendors(settings, secrets), "models": models.load(),
        "greetings": FakeGreetings(), "http": SignedHttp(secrets),
        "agent": agents.load, "apology": apology, **changes,
    }  # fmt: skip
    # What such a call does not need.
    return World(**{each.name: None for each in fields(World)} | made)


async def test_it_speaks_to_nobody_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """No key is set and no vendor can be reached: sockets are blocked in tests, but for this
    machine's own."""
    sent: list[int] = []
    say = Line.say

    async def counted(self: Line, mulaw: bytes) -> None:
        sent.append(len(mulaw))
        await say(self, mulaw)

    monkeypatch.setattr(Line, "say", counted)
    made = world()
    before = asyncio.all_tasks()
    await warm_up(made)
    assert asyncio.all_tasks() == before
    assert len(sent) >= PIECES
    assert isinstance(made.records, FakeCallRecords)
    assert made.records.open_calls() == []
    assert isinstance(made.telephony, FakeTelephony)
    assert made.telephony.hung_up == []
    # What a call says of itself would read like a true one's.
    assert caplog.text == ""
    assert logging.root.manager.disable == logging.NOTSET


async def test_a_service_that_cannot_be_warmed_serves_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken:
        silero = smart_turn = None

        def vad(self) -> None:
            raise OSError("no model")

    await warm_up(world(models=Broken()))
    assert "could not be warmed up" in caplog.text
    assert logging.root.manager.disable == logging.NOTSET
