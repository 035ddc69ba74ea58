"""What a client asks for in the address of a stream, and what it may not ask for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rehearsal.deepgram.audio_format import ENCODINGS, AudioFormat

RATES = (8000, 16000, 24000, 32000, 44100, 48000)
LISTEN_MODEL = re.compile(r"(nova|nova-2|nova-3|enhanced|base)(-[a-z]+)*")
LANGUAGE = re.compile(r"(de|en|es|fr|hi|it|ja|nl|pt|ru)(-([A-Z]{2}|419))?")
MULTILINGUAL = "multi"
SPEAK_MODEL = re.compile(r"aura(-2)?-(?P<name>[a-z]+)-(?P<language>en|es|de|fr|it)")
SHORTEST_ENDPOINTING = 0.3
"""Seconds. Deepgram's default is 10 ms, which its own models stretch to the end of a phrase. This
engine needs the phrase itself, and 300 ms is longer than the gaps inside one."""


class RefusedError(Exception):
    """The handshake is answered with this HTTP status instead."""

    def __init__(self, status: int, code: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code
        self.reason = reason


def _bad(reason: str) -> RefusedError:
    return RefusedError(400, "Bad Request", f"Bad Request: {reason}")


def authorize(header: str | None, keys: frozenset[str]) -> None:
    """Checks an ``Authorization`` header: ``Token <key>``, or ``Bearer <token>``.

    Args:
        keys: the only valid keys; none: any key is.

    Raises:
        RefusedError: 401.
    """
    scheme, _, key = (header or "").partition(" ")
    known = scheme.lower() in ("token", "bearer") and key.strip()
    if not known or (keys and key.strip() not in keys):
        raise RefusedError(401, "INVALID_AUTH", "Invalid credentials.")


@dataclass(frozen=True)
class ListenRequest:
    """The parameters of ``/v1/listen`` that this server acts on. Times are seconds."""

    model: str
    audio: AudioFormat
    interim_results: bool
    punctuate: bool
    vad_events: bool
    endpointing: float | None
    language: str = "en"

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "ListenRequest":
        """Raises RefusedError (400) where Deepgram would, or where this server cannot follow."""
        model = query.get("model", "base-general")
        language = query.get("language", "en")
        known = LANGUAGE.fullmatch(language) or language == MULTILINGUAL
        if not LISTEN_MODEL.fullmatch(model) or not known:
            raise RefusedError(
                400,
                "INVALID_QUERY_PARAMETER",
                "Failed to deserialize query parameters: no such model/language/tier combination.",
            )
        if query.get("channels", "1") != "1" or _flag(query, "multichannel"):
            raise _bad("rehearsal hears one channel.")
        return cls(
            model=model,
            audio=_audio(query, rates=range(8000, 48001)),
            interim_results=_flag(query, "interim_results"),
            punctuate=_flag(query, "punctuate") or _flag(query, "smart_format"),
            vad_events=_flag(query, "vad_events"),
            endpointing=_endpointing(query.get("endpointing", "10")),
            language=language,
        )


@dataclass(frozen=True)
class SpeakRequest:
    """The parameters of ``/v1/speak``. ``speed``: 0.7 to 1.5."""

    model: str
    name: str
    language: str
    audio: AudioFormat
    speed: float

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "SpeakRequest":
        """Raises RefusedError (400) where Deepgram would, or where this server cannot follow."""
        model = query.get("model", "aura-asteria-en")
        voice = SPEAK_MODEL.fullmatch(model)
        if not voice:
            raise _bad(f"No such model: {model}.")
        rate = "8000" if query.get("encoding") == "mulaw" else "24000"
        try:
            speed = float(query.get("speed", "1"))
        except ValueError:
            raise _bad("speed is not a number.") from None
        if not 0.7 <= speed <= 1.5:
            raise _bad("speed must be between 0.7 and 1.5.")
        audio = _audio({"encoding": "linear16", "sample_rate": rate, **query}, rates=RATES)
        return cls(model, voice["name"], voice["language"], audio, speed)


def _flag(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "false").lower() == "true"


def _audio(query: Mapping[str, str], rates: range | tuple[int, ...]) -> AudioFormat:
    encoding, rate = query.get("encoding", ""), query.get("sample_rate", "")
    if encoding not in ENCODINGS:
        raise _bad(f"Unsupported encoding {encoding!r}; rehearsal knows {', '.join(ENCODINGS)}.")
    if not rate.isdecimal() or int(rate) not in rates:
        raise _bad(f"Unsupported sample_rate {rate!r} for {encoding}.")
    return AudioFormat(encoding, int(rate))


def _endpointing(asked: str) -> float | None:
    if asked == "false":
        return None
    if asked != "true" and not asked.isdecimal():
        raise _bad("endpointing must be false, or a number of milliseconds.")
    milliseconds = 10 if asked == "true" else int(asked)
    return max(milliseconds / 1000, SHORTEST_ENDPOINTING)
