"""Which vendors are real, attached, or stood in for."""

import pytest

from rehearsal.plan import PlanError, plan

OWN = {"TWILIO_ACCOUNT_SID": "AC9", "TWILIO_AUTH_TOKEN": "t", "FROM_NUMBER": "+15551112222"}
TUNNEL = {"LOCAL_SERVER_URL": "https://x.test/"}


def test_with_nothing_set_everything_is_stood_in_for_and_the_key_is_known() -> None:
    made = plan({"DEEPGRAM_API_KEY": "", "TO_NUMBER": None}, 7860)
    assert [v.base_url for v in (made.twilio, made.deepgram, made.groq)] == [None, None, None]
    assert (made.api_key, made.api_key_is_secret) == ("rehearsal", False)
    assert made.account_sid == "AC00000000000000000000000000000001"
    assert made.twilio.key == "rehearsal-auth-token"
    assert made.from_number == "+15550000001"
    assert made.public_api_url == "http://127.0.0.1:7860"
    assert made.public_ws_url == "ws://127.0.0.1:7860/ws"
    assert made.has_softphone


def test_an_attached_server_is_used_as_it_is() -> None:
    made = plan(
        {
            "TWILIO_API_BASE_URL": "http://127.0.0.1:1",
            "DEEPGRAM_BASE_URL": "ws://127.0.0.1:2",
            "GROQ_BASE_URL": "http://127.0.0.1:3/openai/v1",
        },
        7860,
    )
    assert made.twilio.base_url == "http://127.0.0.1:1"
    assert made.deepgram.base_url == "ws://127.0.0.1:2"
    assert made.groq.base_url == "http://127.0.0.1:3/openai/v1"
    assert made.api_key == "rehearsal"
    assert not made.phones_really
    assert not made.has_softphone


def test_a_real_phone_is_rung_through_the_tunnel_by_a_secret_key() -> None:
    made = plan({**OWN, **TUNNEL, "TO_NUMBER": "+15553334444"}, 7860)
    assert made.phones_really
    assert made.public_api_url == "https://x.test"
    assert made.public_ws_url == "wss://x.test/ws"
    assert made.to_number == "+15553334444"
    assert made.api_key_is_secret
    assert len(made.api_key) > 20
    assert made.deepgram.base_url is None


def test_each_vendor_is_real_by_its_key_alone() -> None:
    made = plan({"GROQ_API_KEY": "g"}, 7860)
    assert made.groq.base_url == "https://api.groq.com/openai/v1"
    assert made.deepgram.base_url is None
    assert made.twilio.base_url is None


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"TWILIO_AUTH_TOKEN": "t"}, "both, or neither"),
        (OWN, "LOCAL_SERVER_URL"),
        ({**OWN, **TUNNEL, "FROM_NUMBER": ""}, "FROM_NUMBER"),
        ({"LOCAL_SERVER_URL": "ngrok.test"}, "https://"),
    ],
)
def test_what_contradicts_itself_is_said(environment: dict[str, str], words: str) -> None:
    with pytest.raises(PlanError, match=words):
        plan(environment, 7860)
