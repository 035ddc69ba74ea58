"""What an agent does beside talking, as its callee, the network and the user's server see it."""

import hashlib
import hmac
import json
from typing import Any

import httpx
import numpy as np
import pytest
from pipecat.audio.utils import create_stream_resampler, ulaw_to_pcm

from calls.agent import Agent
from calls.call import Call
from calls.ports import TelephonyError
from calls.tools import HttpTool, Tools, TransferTarget
from media_service.opt_out import OptOut
from tests.integration.media.conftest import AGENT, CALL_SID, WEBHOOK_SECRET, Service
from tests.integration.media.phone import Phone

OPTED_OUT = AGENT.speaks.opted_out
HOOK = "https://hook.test/calls"
TARGETS = {
    "sales": TransferTarget(
        number="+15550100007", description="Somebody wants to buy.", webhook_url=HOOK
    )
}
LOOK_UP = HttpTool(
    description="Where an order is.",
    url="https://orders.test/look-up",
    parameters={
        "type": "object",
        "properties": {"order": {"type": "integer"}},
        "required": ["order"],
    },
    filler="Let me look.",
)
SURVEY = {"type": "object", "properties": {"rating": {"type": "integer", "maximum": 5},
                                           "comment": {"type": "string"}}}  # fmt: skip


def agent(prompt: str, **changes: Any) -> Agent:
    return AGENT.model_copy(update={"prompt": prompt, **changes})


def timeline(service: Service) -> list[tuple[str, str | None]]:
    return [(entry.event, entry.detail) for entry in service.records.get("01CALL").timeline]


def signed(request: httpx.Request) -> bool:
    parts = dict(part.split("=", 1) for part in request.headers["dialout-signature"].split(","))
    signed = f"{parts['t']}.".encode() + request.content
    digest = hmac.new(WEBHOOK_SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(digest, parts["v1"])


async def asked(service: Service, phone: Phone) -> None:
    await phone.quiet(0.3)
    phone.say("sarah-speaking")


def was_opted_out(service: Service, source: str) -> Call:
    """Listed, told so to the end, hung up; and the record says so."""
    listing = service.do_not_call.get("+15550100001")
    assert listing is not None
    assert (listing.source, listing.call_id) == (source, "01CALL")
    assert service.telephony.hung_up == [CALL_SID]
    last = service.said()[-1]
    assert (last.kind, last.text, last.interrupted) == ("goodbye", OPTED_OUT, False)
    call = service.records.get("01CALL")
    assert call.end_reason == "opted_out"
    assert [entry for entry in timeline(service) if entry[0] == "opted_out"] == [
        ("opted_out", source)
    ]
    return call


async def test_who_says_so_is_never_called_again(service: Service) -> None:
    """By the callee's own words, whatever the LLM makes of them."""
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("stop-calling")
        await phone.closed()
        await service.over()
    was_opted_out(service, "speech")
    assert ("tool", "do_not_call") not in timeline(service)


async def test_a_key_says_so_at_any_time(service: Service) -> None:
    service.agent = AGENT.model_copy(update={"opt_out_key": "9"})
    async with service.answered() as phone:
        await phone.until(lambda: len(phone.sound) > 12_000)
        for digit in ("1", "9", "9"):
            await phone.send(
                {"event": "dtmf", "streamSid": phone.stream_sid, "dtmf": {"digit": digit}}
            )
        await phone.until(lambda: bool(phone.clears))
        await phone.closed()
        await service.over()
    was_opted_out(service, "keypress")
    greeting = service.said()[0]
    assert (greeting.kind, greeting.interrupted) == ("greeting", True)


async def test_the_llm_says_so(service: Service) -> None:
    service.agent = agent("You are the polite desk.")
    async with service.answered() as phone:
        await asked(service, phone)
        await phone.closed()
        await service.over()
    was_opted_out(service, "tool")
    listing = service.do_not_call.get("+15550100001")
    assert listing is not None
    assert listing.reason == "too many calls"
    assert ("tool", "do_not_call") in timeline(service)


async def test_a_goodbye_gives_way_to_an_opt_out(service: Service) -> None:
    """The last word of the goodbye that was cut must not end the call."""
    service.agent = AGENT.model_copy(update={"opt_out_key": "9"})
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("sarah-still-here")
        await phone.until(lambda: service.records.get("01CALL").end_reason == "agent_hung_up")
        sounded = phone.last_sound_at
        await phone.until(lambda: phone.last_sound_at > sounded)
        await phone.send({"event": "dtmf", "streamSid": phone.stream_sid, "dtmf": {"digit": "9"}})
        await phone.closed()
        await service.over()
    was_opted_out(service, "keypress")


async def test_who_hangs_up_after_the_words_is_listed_too(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    turns: list[str] = []

    def hears(self: OptOut, words: str, *, deaf: bool) -> None:
        heard.append(words)
        listens(self, words, deaf=deaf)

    listens = OptOut.heard
    monkeypatch.setattr(OptOut, "heard", hears)
    # A turn that ends only after they are gone.
    monkeypatch.setattr(OptOut, "turn", lambda _, text: turns.append(text))
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("stop-calling")
        await phone.until(lambda: "calling" in " ".join(heard))
        await phone.hang_up()
        await service.over()
    listing = service.do_not_call.get("+15550100001")
    assert listing is not None
    assert listing.source == "speech"


async def test_the_call_is_handed_over(service: Service) -> None:
    service.agent = agent("You are the switchboard.", tools=Tools(transfer_call=TARGETS))
    async with service.answered() as phone:
        await asked(service, phone)
        await phone.closed()
        await service.over()
    assert service.telephony.transferred == [(CALL_SID, "+15550100007", "+15550000001")]
    assert service.telephony.hung_up == []
    # The announcement was heard first.
    assert service.telephony.hung_up_at >= phone.started + phone.last_sound_at
    last = service.said()[-1]
    assert (last.text, last.interrupted) == ("I will put you through.", False)
    assert service.records.get("01CALL").end_reason == "transferred"
    (told,) = service.web.asked
    assert signed(told)
    body = json.loads(told.content)
    assert body["summary"] == "Sarah would like to talk to a person."
    assert (body["call_id"], body["to_number"], body["from_number"], body["target"]) == (
        "01CALL", "+15550100001", "+15550000001", "sales",
    )  # fmt: skip


async def test_a_transfer_that_fails_is_taken_back(service: Service) -> None:
    service.agent = agent("You are the switchboard.", tools=Tools(transfer_call=TARGETS))

    def refuses(*_: object) -> None:
        assert service.records.get("01CALL").end_reason == "transferred", "said first"
        raise TelephonyError("Twilio refused", code=21220)

    service.telephony.transfer = refuses  # type: ignore[method-assign]
    async with service.answered() as phone:
        await asked(service, phone)
        await phone.until(lambda: "transfer_failed" in dict(timeline(service)))
        await phone.quiet(0.3)
        await phone.until(lambda: "nobody can be reached" in service.said()[-1].text)
        # It is listened to again.
        phone.say("tom-speaking")
        await phone.until(lambda: service.said()[-1].role == "agent" and len(service.said()) > 5)
        await phone.hang_up()
        await service.over()
    assert service.records.get("01CALL").end_reason is None
    assert service.said()[-2].role == "callee"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(200, json={"eta": "Tuesday"}), "It comes on Tuesday."),
        (httpx.Response(500), "I am sorry, I cannot see your order."),
    ],
    ids=["answers", "fails"],
)
async def test_the_users_own_tool(service: Service, answer: httpx.Response, said: str) -> None:
    service.web.answer = lambda _: answer
    service.agent = agent("You are the order desk.", tools=Tools(http={"look_up": LOOK_UP}))
    async with service.answered() as phone:
        await asked(service, phone)
        await phone.until(lambda: any(turn.text.endswith(said) for turn in service.said()))
        await phone.hang_up()
        await service.over()
    (request,) = service.web.asked
    assert request.headers["host"] == "orders.test"
    assert signed(request)
    body = json.loads(request.content)
    assert body["arguments"] == {"order": 7}
    assert (body["call_id"], body["tool"], body["to_number"]) == (
        "01CALL", "look_up", "+15550100001",
    )  # fmt: skip
    words = " ".join(turn.text for turn in service.said() if turn.role == "agent")
    assert f"Let me look. {said}" in words
    assert ("tool", "look_up") in timeline(service)


async def test_answers_are_written_down(service: Service) -> None:
    """A wrong one is told to the LLM, which mends it."""
    service.agent = agent("You are the survey desk.", outcome=SURVEY)
    async with service.answered() as phone:
        await asked(service, phone)
        await phone.closed()
        await service.over()
    call = service.records.get("01CALL")
    assert call.outcome == {"rating": 5}
    assert call.end_reason == "agent_hung_up"
    assert service.said()[-1].text == "Thank you. Goodbye!"


KEYS = {
    "1": (697, 1209), "5": (770, 1336), "9": (852, 1477), "#": (941, 1477),
}  # fmt: skip


def pressed(pcm: np.ndarray) -> str:
    """The keys whose tones are in it (Goertzel, windows of 40 ms)."""
    rows, columns = (697, 770, 852, 941), (1209, 1336, 1477, 1633)

    def power(window: np.ndarray, hertz: int) -> float:
        turn = 2 * np.pi * hertz / 8000
        before = last = 0.0
        for sample in window:
            before, last = last, sample + 2 * np.cos(turn) * last - before
        return float(before**2 + last**2 - 2 * np.cos(turn) * before * last)

    keys, held = "", ""
    for start in range(0, len(pcm) - 320, 320):
        window = pcm[start : start + 320].astype(np.float64)
        energy = float(np.sum(window**2)) * len(window) / 2
        row, column = (max(of, key=lambda hertz: power(window, hertz)) for of in (rows, columns))
        pure = energy > 1e9 and (power(window, row) + power(window, column)) / energy > 0.9
        key = next((k for k, tones in KEYS.items() if tones == (row, column)), "") if pure else ""
        if key and key != held:
            keys += key
        held = key
    return keys


async def test_keys_are_heard_as_tones(service: Service) -> None:
    service.agent = agent("You are the menu desk.", tools=Tools(send_digits=True))
    async with service.answered() as phone:
        await asked(service, phone)
        await phone.until(lambda: ("tool", "send_digits") in timeline(service))
        await phone.quiet(1.0, to_the_end=False)
        await phone.hang_up()
        await service.over()
    pcm = await ulaw_to_pcm(bytes(phone.sound), 8000, 8000, create_stream_resampler())
    assert pressed(np.frombuffer(pcm, np.int16)) == "159#"


async def test_recorded_only_once_they_agreed(service: Service) -> None:
    service.agent = agent("You are the recording desk.", recording="ask")
    async with service.answered() as phone:
        await phone.quiet(0.3)
        assert service.telephony.recorded == []
        phone.say("yes")
        await phone.until(lambda: service.records.get("01CALL").recording is not None)
        await phone.hang_up()
        await service.over()
    assert [sid for sid, _ in service.telephony.recorded] == [CALL_SID]
    assert ("tool", "start_recording") in timeline(service)
