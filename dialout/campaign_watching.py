"""A campaign, followed to its end: a bar with its rate, its seats and its outcomes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from dialout.campaign import Campaign, Progress
from dialout.client import Client
from dialout.problem import ApiError

_SECONDS = 2.0
"""Between two looks."""


def watched(
    api: Client,
    campaign_id: str,
    *,
    as_json: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> Campaign:
    """The campaign once it runs no more. With ``as_json`` each change is a line of JSON.

    Raises:
        dialout.problem.DialoutError: it can be followed no further.
    """
    seats = None if as_json else _seats(api, campaign_id)
    told = None
    with _lines() if as_json else _bar(seats) as show:
        while True:
            campaign = api.campaigns.get(campaign_id)
            if (news := _news(campaign)) != told:
                show(campaign)
                told = news
            if campaign.state != "running":
                return campaign
            sleep(_SECONDS)


def outcomes(progress: Progress) -> str:
    """What the contacts came to, the most frequent first."""
    counted = sorted(progress.by_disposition.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{count} {disposition}" for disposition, count in counted)


def _news(campaign: Campaign) -> tuple[object, ...]:
    progress = campaign.progress
    counts = progress and (progress.by_state, progress.by_disposition, progress.contacts)
    return campaign.state, campaign.paused_because, counts


def _seats(api: Client, campaign_id: str) -> int | None:
    try:
        return api.campaigns.preview(campaign_id).seats
    except ApiError:
        return None  # One that is over has none to show.


@contextmanager
def _lines() -> Iterator[Callable[[Campaign], None]]:
    yield lambda campaign: typer.echo(campaign.model_dump_json())


@contextmanager
def _bar(seats: int | None) -> Iterator[Callable[[Campaign], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[told]}", markup=False),
    )
    with Bar(*columns, console=console) as bar:
        task = bar.add_task("…", total=None, told="")

        def show(campaign: Campaign) -> None:
            progress = campaign.progress
            if progress is None:
                return
            told = _told(progress, seats)
            bar.update(
                task,
                description=campaign.state,
                completed=progress.done,
                total=progress.contacts,
                told=told,
            )
            # A bar that nobody sees move says nothing: in a log each change is a line.
            if not console.is_terminal:
                line = f"{campaign.state}: {progress.done} of {progress.contacts}; {told}"
                console.print(line, soft_wrap=True, markup=False, highlight=False)

        yield show


def _told(progress: Progress, seats: int | None) -> str:
    pace = progress.attempts_per_minute
    parts = [
        f"{pace:.1f} calls/min" if pace is not None else "",
        f"{progress.calling} of {seats} seats"
        if seats is not None
        else f"{progress.calling} calls",
        f"ends {progress.ends_at:%H:%M} UTC" if progress.ends_at else "",
        outcomes(progress),
    ]
    return "; ".join(part for part in parts if part)
