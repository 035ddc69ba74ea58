"""TwiML, good and bad."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.voice_response import Connect, Dial, Start, VoiceResponse

from rehearsal.twilio import twiml


def test_what_twilios_own_library_writes() -> None:
    response = VoiceResponse()
    start = Start()
    start.recording(channels="dual", recording_status_callback="/r", trim="do-not-trim",
                    recording_status_callback_event="in-progress completed")  # fmt: skip
    response.append(start)
    connect = Connect()
    stream = connect.stream(url="wss://a.test/ws", status_callback="/s")
    stream.parameter(name="call_id", value="1")
    response.append(connect)
    response.say("Hello, you", language="en-GB")
    response.pause(length=2)
    dial = Dial(action="/after", timeout=7)
    dial.number("+15550100009")
    response.append(dial)
    response.redirect("/twiml?leg=1", method="POST")
    response.hangup()
    assert twiml.parse(str(response)).verbs == (
        twiml.StartRecording(
            2, False, twiml.Callback("/r", "POST", frozenset({"in-progress", "completed"}))
        ),
        twiml.ConnectStream("wss://a.test/ws", None, {"call_id": "1"}, twiml.Callback("/s")),
        twiml.Say("Hello, you", 1, "en-GB"),
        twiml.Pause(2),
        twiml.Dial("+15550100009", 7, None, "/after", "POST"),
        twiml.Redirect("/twiml?leg=1", "POST"),
        twiml.Hangup(),
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 12100),
        ("hello", 12100),
        ("<Response>", 12100),
        ("<Answer/>", 12100),
        ('<!DOCTYPE x [<!ENTITY a "b">]><Response><Say>&a;</Say></Response>', 12100),
        ('<Response><Connect><Stream url="wss://a/ws?token=1"/></Connect></Response>', 31920),
        ('<Response><Connect><Stream url="https://a/ws"/></Connect></Response>', 12200),
        ("<Response><Connect><Stream/></Connect></Response>", 12200),
        ('<Response><Pause length="soon"/></Response>', 12200),
        ('<Response><Redirect method="PUT">/a</Redirect></Response>', 12200),
        ("<Response><Dial/></Response>", 12200),
        ("<Response>" + " " * 65536 + "</Response>", 11750),
    ],
)
def test_what_twilio_refuses(text: str, code: int) -> None:
    with pytest.raises(twiml.TwimlError) as refused:
        twiml.parse(text)
    assert refused.value.code == code


def test_a_parameter_is_short() -> None:
    def text(length: int) -> str:
        parameter = f'<Parameter name="a" value="{"x" * length}"/>'
        return (
            f'<Response><Connect><Stream url="wss://a/b">{parameter}</Stream></Connect></Response>'
        )

    twiml.parse(text(498))
    with pytest.raises(twiml.TwimlError):
        twiml.parse(text(499))


def test_an_unknown_verb_is_passed_over() -> None:
    assert twiml.parse("<Response><Sing/></Response>").verbs == (twiml.Unknown("Sing"),)


@given(st.text())
def test_no_text_does_worse_than_a_refusal(text: str) -> None:
    for document in (
        text,
        f"<Response>{text}</Response>",
        f"<Response><Say>{text}</Say></Response>",
    ):
        try:
            twiml.parse(document)
        except twiml.TwimlError:
            continue
