"""What a log line says, and what it does not."""

import json
import logging
import sys

import pytest
from loguru import logger as pipecat_logger

from media_service.process import log


def line(record: logging.LogRecord) -> dict[str, object]:
    entry = json.loads(log.JsonFormatter().format(record))
    assert isinstance(entry, dict)
    return entry


def test_a_line_is_a_sentence_and_fields() -> None:
    record = logging.makeLogRecord(
        {"name": "media_service.x", "msg": "a session ends", "levelname": "INFO", "leg": 2}
    )
    entry = line(record)
    assert (entry["message"], entry["level"], entry["leg"]) == ("a session ends", "info", 2)


def test_an_exception_is_told_by_type_and_place_alone() -> None:
    try:
        raise ValueError("my number is +15550100001")
    except ValueError:
        record = logging.makeLogRecord(
            {"name": "media_service.x", "msg": "no", "exc_info": sys.exc_info()}
        )
    text = log.JsonFormatter().format(record)
    assert "+1555" not in text
    assert line(record)["exception"] == ["ValueError"]
    assert "test_log.py" in text


def test_a_librarys_arguments_are_left_out() -> None:
    record = logging.makeLogRecord(
        {"name": "somewhere", "msg": "connected to %s", "args": ("+15550100001",)}
    )
    assert line(record)["message"] == "connected to %s"


def test_of_pipecats_lines_only_the_place_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.root.handlers[:], logging.root.level
    try:
        log.configure()
        pipecat_logger.warning("not speaking [Hi Sarah]")
        pipecat_logger.info("Generating TTS [Hi Sarah]")
    finally:
        pipecat_logger.remove()
        logging.root.handlers[:], logging.root.level = before
    out = capsys.readouterr().out
    assert "Sarah" not in out
    assert len(out.splitlines()) == 1
    assert "test_log" in json.loads(out)["where"]
