"""Settings: what Twilio signs over is written in one way."""

import pytest

from calls.settings import Settings


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://api.example.com", "https://api.example.com"),
        ("https://api.example.com/", "https://api.example.com"),
        ("HTTPS://API.Example.com:8443/Prod/", "https://api.example.com:8443/Prod"),
        ("", ""),
    ],
)
def test_a_public_address_has_no_slash_at_its_end_and_its_host_in_small_letters(
    given: str, kept: str
) -> None:
    chosen = Settings.model_validate({"DIALOUT_PUBLIC_API_URL": given})
    assert chosen.public_api_url == kept


def test_the_streams_address_too() -> None:
    chosen = Settings.model_validate({"DIALOUT_PUBLIC_WS_URL": "WSS://Media.Example.com/ws"})
    assert chosen.public_ws_url == "wss://media.example.com/ws"
