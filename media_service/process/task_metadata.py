"""Whether ECS is about to stop this task: it says so in the task's metadata ahead of SIGTERM."""

import asyncio
import json
import logging
from collections.abc import Callable
from urllib.request import ProxyHandler, build_opener

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
ANSWER_SECONDS = 2.0
MOST_BYTES = 256 * 1024


class TaskMetadata:
    """The task metadata endpoint, version 4.

    Source: the Amazon ECS developer guide, "Task metadata available for tasks on Fargate".

    Args:
        base_url: the value of ``ECS_CONTAINER_METADATA_URI_V4``.
        read: fetches an address; it may block, and raise.
    """

    def __init__(self, base_url: str, read: Callable[[str], bytes] | None = None) -> None:
        self._url = f"{base_url.rstrip('/')}/task"
        self._read = read or _read
        self._failing = False

    async def stopping(self) -> None:
        """Return once the task is to stop. An endpoint that fails is asked again."""
        while True:
            if await self._stops():
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _stops(self) -> bool:
        try:
            told = json.loads(await asyncio.to_thread(self._read, self._url))
            stops = told["DesiredStatus"] == "STOPPED"
        except Exception:
            if not self._failing:
                log.warning("the task's metadata cannot be read", exc_info=True)
            self._failing = True
            return False
        self._failing = False
        return bool(stops)


def _read(url: str) -> bytes:
    # Link-local: no proxy leads there.
    with build_opener(ProxyHandler({})).open(url, timeout=ANSWER_SECONDS) as answer:
        return bytes(answer.read(MOST_BYTES))
