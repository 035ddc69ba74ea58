"""The JSON messages of ``/v1/listen``. Source: Deepgram's streaming reference, its SDK's types."""

import json
import re
from dataclasses import dataclass
from typing import Any

CONFIDENCE = 0.98
"""The engine gives none."""


@dataclass(frozen=True)
class Span:
    """Seconds of the stream."""

    start: float
    end: float


@dataclass(frozen=True)
class Result:
    """One transcript.

    Args:
        text: with punctuation and capitals.
        span: what the message covers: all audio since the last final.
        speech: where the words are in it.
    """

    text: str
    span: Span
    speech: Span
    is_final: bool = True
    language: str | None = None
    """Where it is asked for with ``language=multi``."""
    speech_final: bool = False
    from_finalize: bool = False


@dataclass(frozen=True)
class Messages:
    """Writes the messages of one stream.

    Args:
        punctuate: otherwise transcripts are bare lower-case words, as Deepgram's are.
    """

    request_id: str
    model: str
    punctuate: bool = True

    def results(self, result: Result) -> str:
        words = _words(result.text, result.speech)
        plain = " ".join(word["word"] for word in words)
        alternative: dict[str, Any] = {
            "transcript": result.text if self.punctuate else plain,
            "confidence": CONFIDENCE if words else 0.0,
            "words": words if self.punctuate else [_unpunctuated(word) for word in words],
        }
        if result.language and words:
            alternative["languages"] = [result.language]
        return json.dumps(
            {
                "type": "Results",
                "channel_index": [0, 1],
                "duration": round(result.span.end - result.span.start, 3),
                "start": round(result.span.start, 3),
                "is_final": result.is_final,
                "speech_final": result.speech_final,
                "channel": {"alternatives": [alternative]},
                "metadata": {
                    "request_id": self.request_id,
                    "model_info": {
                        "name": self.model,
                        "version": "rehearsal",
                        "arch": self.model.split("-general")[0],
                    },
                    "model_uuid": "00000000-0000-0000-0000-000000000000",
                },
                "from_finalize": result.from_finalize,
            }
        )

    def metadata(self, created: str, duration: float) -> str:
        """The summary that ends a stream. ``created``: ISO 8601."""
        return json.dumps(
            {
                "type": "Metadata",
                "transaction_key": "deprecated",
                "request_id": self.request_id,
                "sha256": "0" * 64,
                "created": created,
                "duration": round(duration, 3),
                "channels": 1,
            }
        )

    def speech_started(self, at: float) -> str:
        return json.dumps({"type": "SpeechStarted", "channel": [0, 1], "timestamp": round(at, 3)})

    def configured(self) -> str:
        return json.dumps({"type": "ConfigureSuccess", "request_id": self.request_id})

    def not_understood(self, message: str) -> str:
        return json.dumps(
            {
                "type": "Error",
                "variant": "SchemaError",
                "description": "Could not deserialize last text message",
                "message": message,
            }
        )


def _words(text: str, speech: Span) -> list[dict[str, Any]]:
    """The words, spread over the speech by their length: the engine gives no times."""
    written = text.split()
    letters = sum(len(word) + 1 for word in written) or 1
    a_letter = (speech.end - speech.start) / letters
    words, at = [], speech.start
    for word in written:
        end = at + (len(word) + 1) * a_letter
        words.append(
            {
                "word": re.sub(r"^\W+|\W+$", "", word).lower(),
                "start": round(at, 3),
                "end": round(end, 3),
                "confidence": CONFIDENCE,
                "punctuated_word": word,
            }
        )
        at = end
    return words


def _unpunctuated(word: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in word.items() if key != "punctuated_word"}
