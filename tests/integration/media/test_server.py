"""The server's exit: calls end first."""

import asyncio
import signal

import httpx
import pytest

from tests.integration.media.conftest import Service


@pytest.fixture(autouse=True)
def _signals_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Having exited, uvicorn raises the signals that it caught: here they would end the tests."""
    monkeypatch.setattr("signal.raise_signal", lambda _: None)


async def exits(service: Service) -> None:
    async with asyncio.timeout(10):
        while not service.server.should_exit:
            await asyncio.sleep(0.01)


def healthy(service: Service) -> bool:
    at = service.url.replace("ws://", "http://").replace("/ws", "/healthz")
    return httpx.get(at).status_code == 200


async def test_a_live_call_is_handed_over_before_the_server_goes(service: Service) -> None:
    """Not in the middle of the greeting; and nobody is told that the task is unwell."""
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        service.server.handle_exit(signal.SIGTERM, None)
        await phone.until(lambda: bool(service.ledger.fleet().beats[0].draining))
        assert await asyncio.to_thread(healthy, service)
        assert service.server.should_exit is False
        assert phone.closed_with is None
        async with service.answered(service.call("01OTHER", "CA2")) as late:
            await late.closed(5)
            assert late.closed_with == 1012
        await phone.closed(15)
        await exits(service)
    assert phone.closed_with == 1012
    assert [(turn.kind, turn.interrupted) for turn in service.said()] == [("greeting", False)]
    assert service.records.get("01CALL").end_reason is None
    assert service.records.get("01OTHER").active_leg == 0
    assert service.telephony.hung_up == []
    # Or uvicorn would raise it again, and the process not exit with 0.
    assert service.server._captured_signals == []


async def test_a_server_without_calls_exits_at_once(service: Service) -> None:
    service.server.handle_exit(signal.SIGTERM, None)
    await exits(service)


async def test_a_task_that_is_to_stop_drains_before_any_signal(service: Service) -> None:
    """A signal that comes on top is the first, and hurries nobody."""
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        service.server.drain()
        service.server.handle_exit(signal.SIGTERM, None)
        await asyncio.sleep(0.1)
        assert service.server.should_exit is False
        assert service.live.accepting is False
        await phone.closed(15)
        await exits(service)
    assert phone.closed_with == 1012


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
    monkeypatch.setattr("media_service.process.server.DRAIN_SECONDS", 0.2)
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        service.server.handle_exit(signal.SIGTERM, None)
        await phone.closed(5)
