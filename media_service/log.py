"""Logs: one JSON object a line on stdout. The message is a static sentence; what varies is a field.

What people say and who they are is in no field. Exceptions are told by type and place alone, for
their texts quote what they were given; and of Pipecat's own lines, which quote transcripts, only
the level and the place are kept.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING

from loguru import logger as pipecat_logger

if TYPE_CHECKING:
    from loguru import Message

_OURS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}


class JsonFormatter(logging.Formatter):
    """A record as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            # Ours are static; a library's are, without its arguments.
            "message": record.getMessage()
            if record.name.startswith("media_service")
            else str(record.msg),
        }
        entry |= {name: value for name, value in vars(record).items() if name not in _OURS}
        if record.exc_info and record.exc_info[0]:
            entry["exception"] = _chain(record.exc_info[1])
            entry["stack"] = _places(record.exc_info[2])
        return json.dumps(entry, default=str)


def configure(level: int = logging.INFO) -> None:
    """Send everything to stdout."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("media_service").setLevel(level)
    pipecat_logger.remove()
    pipecat_logger.add(
        _from_pipecat, level="WARNING", format="{name}", diagnose=False, backtrace=False
    )


def _from_pipecat(message: "Message") -> None:
    record = message.record
    where = f"{record['name']}:{record['function']}:{record['line']}"
    logging.getLogger("media_service.pipecat").log(
        record["level"].no, "pipecat reports a problem", extra={"where": where}
    )


def _chain(error: BaseException | None) -> list[str]:
    names: list[str] = []
    while error is not None and len(names) < 5:
        names.append(type(error).__qualname__)
        error = error.__cause__ or error.__context__
    return names


def _places(stack: TracebackType | None) -> list[str]:
    return [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(stack)[-8:]]
