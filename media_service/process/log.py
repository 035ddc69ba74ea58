"""Logs: one JSON object a line on stdout. The message is a static sentence; what varies is a field.

What people say and who they are is in no field. Exceptions are told by type and place alone, for
their texts quote what they were given; and of Pipecat's own lines, which quote transcripts, only
the level and the place are kept.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from loguru import logger as pipecat_logger

from calls.failure import kinds, places

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
            entry["exception"] = kinds(record.exc_info[1])
            entry["stack"] = places(record.exc_info[1])
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
