"""What several files of unit tests share."""

import httpx
import pytest

from tests.unit.fake_api import Api


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    """Answers whatever a command asks over HTTP, as it is told to."""
    api = Api()
    monkeypatch.setenv("DIALOUT_API_KEY", "the-key")
    monkeypatch.setenv("DIALOUT_API_URL", "https://api.test/")
    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", lambda _, asked: api(asked))
    monkeypatch.setattr("dialout.exchange.WAITS", (0, 0))
    return api
