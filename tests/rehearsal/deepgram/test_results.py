"""The messages as Deepgram's SDK reads them: every field that its types require is there."""

import pytest
from pydantic import BaseModel

from rehearsal.deepgram.results import Messages, Result, Span
from tests.rehearsal.deepgram.sdk import ListenV1Metadata, ListenV1Results

MESSAGES = Messages("id", "nova-3-general")


def checked(kind: type[BaseModel], text: str) -> BaseModel:
    """Validated for good; the SDK itself lets anything pass."""
    for name, model_field in kind.model_fields.items():
        assert not model_field.is_required() or f'"{name}"' in text, name
    return kind.model_validate_json(text)


def test_a_result() -> None:
    spoken = Result("No, thank you.", Span(1.0, 3.0), Span(1.2, 2.0), speech_final=True)
    result = checked(ListenV1Results, MESSAGES.results(spoken))
    assert isinstance(result, ListenV1Results)
    assert (result.start, result.duration) == (1.0, 2.0)
    best = result.channel.alternatives[0]
    assert [word.word for word in best.words] == ["no", "thank", "you"]
    assert [word.punctuated_word for word in best.words] == ["No,", "thank", "you."]
    assert best.words[0].start == 1.2
    assert best.words[-1].end == pytest.approx(2.0)
    assert result.metadata.model_info.arch == "nova-3"


def test_an_empty_result() -> None:
    result = checked(
        ListenV1Results, MESSAGES.results(Result("", Span(1, 1), Span(1, 1), from_finalize=True))
    )
    assert isinstance(result, ListenV1Results)
    assert result.channel.alternatives[0].words == []
    assert result.channel.alternatives[0].confidence == 0


def test_the_summary() -> None:
    summary = checked(ListenV1Metadata, MESSAGES.metadata("2026-01-01T00:00:00.000Z", 3.5))
    assert isinstance(summary, ListenV1Metadata)
    assert summary.duration == 3.5
