"""What the command says of a campaign."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from dialout.campaign import Campaign, Preview


def foretell(told: "Preview") -> None:
    """What would happen, in lines."""
    about = "about " if told.estimated else ""
    later = f", {told.of_them_later} of them later" if told.of_them_later else ""
    typer.echo(f"Contacts:  {told.contacts}")
    typer.echo(f"Called:    {about}{told.will_be_called}{later}")
    for rule, count in told.skipped.items():
        typer.echo(f"Skipped:   {about}{count}, {rule}")
    hours, minutes = divmod(round(told.seconds / 60), 60)
    pace = f"{told.calls_per_second:g} calls a second and {told.seats} seats"
    typer.echo(f"Time:      {hours} h {minutes} min, at {pace}")
    typer.echo(f"Cost:      {told.usd:.2f} USD, {told.usd_per_call:.3f} a call")


def tell(campaign: "Campaign", *, as_json: bool) -> None:
    """How it stands, in lines, or as JSON."""
    if as_json:
        typer.echo(campaign.model_dump_json())
        return
    typer.echo(f"{campaign.campaign_id} ({campaign.name}): {campaign.state}")
    if campaign.paused_because:
        typer.echo(f"paused by itself: {campaign.paused_because}")
    progress = campaign.progress
    if progress is None:
        return
    typer.echo(f"{progress.done} of {progress.contacts} done, {progress.calling} in calls")
    for disposition, count in sorted(progress.by_disposition.items()):
        typer.echo(f"  {count:>6}  {disposition}")
