"""The server's exit: calls end first."""

import asyncio
import signal

import pytest

from tests.integration.media.conftest import Service


@pytest.fixture(autouse=True)
def _signals_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Having exited, uvicorn raises the signals that it caught: here they would end the tests."""
    monkeypatch.setattr("signal.raise_signal", lambda _: None)


async def test_a_live_call_ends_before_the_server_does(service: Service) -> None:
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        service.server.handle_exit(signal.SIGTERM, None)
        await asyncio.sleep(0.5)
        assert service.server.should_exit is False
        assert service.live.accepting is False
        await phone.quiet(0.3)
        assert phone.closed_with is None
        await phone.hang_up()
        await service.over()
    await asyncio.sleep(0.1)
    assert service.server.should_exit is True


async def test_a_server_without_calls_exits_at_once(service: Service) -> None:
    service.server.handle_exit(signal.SIGTERM, None)
    await asyncio.sleep(0.1)
    assert service.server.should_exit is True


async def test_a_second_signal_exits_at_once(service: Service) -> None:
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        service.server.handle_exit(signal.SIGTERM, None)
        service.server.handle_exit(signal.SIGTERM, None)
        assert service.server.should_exit is True
        await phone.closed(5)


async def test_calls_that_do_not_end_are_cut(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_service.server.DRAIN_SECONDS", 0.2)
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        service.server.handle_exit(signal.SIGTERM, None)
        await phone.closed(5)
