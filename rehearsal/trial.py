"""One call under misfortune: what its caller sees, and what an operator finds in the logs."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rehearsal import admin, log_line, placed_call, verdict
from rehearsal.blow import falling
from rehearsal.cloud.client import client
from rehearsal.cloud.function_log import function_log
from rehearsal.happening import Happening
from rehearsal.misfortune import Ordered, Sight
from rehearsal.placed_call import NotPlacedError, PlacedCall
from rehearsal.scenario import Goal
from rehearsal.world import World


@dataclass(frozen=True)
class Trial:
    """A call that is over, or never was."""

    placed: PlacedCall | None
    """None: there is no call."""
    shortfalls: list[str]
    """Of the conversation's goal."""
    caller: Sight
    operator: list[log_line.Noted]
    missing: dict[str, list[str]]
    """What each misfortune was to show and did not, by its name."""

    @property
    def as_declared(self) -> bool:
        """Whether everything was seen that these misfortunes are to show."""
        return not any(self.missing.values())


async def try_call(
    up: World,
    ordered: Ordered,
    request: dict[str, Any],
    goal: Goal,
    folder: Path,
    tell: Callable[[Happening], None],
) -> Trial:
    """Strike the world, place a call in it, and let the world be well again.

    Raises:
        NeverEndedError, RecordingError: see ``placed_call.place``.
    """
    since = datetime.now(UTC)
    await admin.order(ordered.orders, up.stand_ins)
    try:
        async with falling(up, ordered.blows):
            placed, refused = await _placed(up, request, folder, tell)
    finally:
        await admin.cancel(up.stand_ins)
    shortfalls = ["there is no call"]
    if placed:
        shortfalls = verdict.shortfalls(goal, placed.record, listed=placed.listed)
    caller = _sight(placed, refused, goal_reached=not shortfalls)
    operator = await asyncio.to_thread(_noted, up, since)
    sentences = {noted.sentence for noted in operator}
    return Trial(placed, shortfalls, caller, operator, ordered.missing(caller, sentences))


async def _placed(
    up: World, request: dict[str, Any], folder: Path, tell: Callable[[Happening], None]
) -> tuple[PlacedCall | None, NotPlacedError | None]:
    where = (up.plan.origin, up.plan.api_key)
    try:
        return await placed_call.place(*where, request, folder, tell), None
    except NotPlacedError as refused:
        call_id = refused.problem.get("call_id")
        if call_id is None:
            return None, refused
        # What became of it is to be looked up, the problem says.
        return await placed_call.follow(*where, call_id, folder, tell), refused


def _sight(
    placed: PlacedCall | None, refused: NotPlacedError | None, *, goal_reached: bool
) -> Sight:
    return Sight(
        status=refused.status if refused else 201,
        code=refused.problem.get("code") if refused else None,
        retry_after=refused.retry_after if refused else None,
        detail=refused.problem.get("detail") if refused else None,
        end_reason=placed.record["end_reason"] if placed else None,
        goal_reached=goal_reached,
    )


def _noted(up: World, since: datetime) -> list[log_line.Noted]:
    endpoint = up.deployment.endpoint
    lines = [*log_line.of_functions(function_log(endpoint))]
    for task in up.media.started:
        log = (up.plan.logs / f"{task.name}.log").read_text(errors="replace")
        lines += log_line.of_media(log)
    return log_line.noted(lines, log_line.Alarms(_template(endpoint)), since)


def _template(endpoint: str) -> dict[str, Any]:
    """That of the product's stack, as it was deployed."""
    formation = client("cloudformation", endpoint)
    names = [stack["StackName"] for stack in formation.describe_stacks()["Stacks"]]
    (name,) = (name for name in names if name.startswith("Dialout"))
    body = formation.get_template(StackName=name)["TemplateBody"]
    template: dict[str, Any] = body if isinstance(body, dict) else json.loads(body)
    return template
