"""What Twilio's own voice says where nobody of ours can: in the language of the call."""

from typing import TYPE_CHECKING

from twilio.twiml.voice_response import VoiceResponse

from calls.call import Call
from calls.refused import AgentError

if TYPE_CHECKING:
    from calls.language import Language


def lines_busy(agent: str) -> VoiceResponse:
    """To somebody who phones that agent, when no seat is free."""
    words = _agents(agent)
    return _goodbye(words.lines_busy, words)


def cannot_answer() -> VoiceResponse:
    """To somebody who phones an agent that is not right."""
    words = _language("en")
    return _goodbye(words.technical_goodbye, words)


def given_up(call: Call) -> VoiceResponse:
    """To a callee whom nobody takes on."""
    words = _calls(call)
    return _goodbye(words.technical_goodbye, words)


def one_moment(call: Call, pause_seconds: int) -> VoiceResponse:
    """To a callee who has to wait. What comes then is for whoever asks to append."""
    words = _calls(call)
    response = VoiceResponse()
    response.say(words.one_moment, language=words.locale)
    response.pause(length=pause_seconds)
    return response


def _calls(call: Call) -> "Language":
    """The language that is spoken in the call."""
    return _language(call.spoken_language) if call.spoken_language else _agents(call.agent)


def _agents(agent: str) -> "Language":
    """The agent's language; English, if the agent is not right."""
    from calls import agents  # here: most calls never hear this voice, and start without

    try:
        return agents.load(agent).speaks
    except AgentError:
        return _language("en")


def _language(code: str) -> "Language":
    from calls.language import language  # here: as above

    return language(code)


def _goodbye(text: str, words: "Language") -> VoiceResponse:
    response = VoiceResponse()
    response.say(text, language=words.locale)
    response.hangup()
    return response
