"""``dialout agents``: who calls, and whether their files are right."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dialout.access import AsJson
from dialout.call_options import agent_names
from dialout.refusal import ExitCode

if TYPE_CHECKING:
    from calls.agent import Agent

app = typer.Typer(no_args_is_help=True, help="The agents: YAML files in agents/.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """The agents that there are.

    Example:
      dialout agents list
    """
    from calls import agents
    from calls.refused import AgentError
    from dialout import table

    found: list[dict[str, object]] = []
    for name in agents.names():
        try:
            agent = agents.load(name)
            told = {"language": agent.language, "purpose": agent.purpose}
            found.append({"name": name, **told, "description": agent.description})
        except AgentError:
            wrong = f"not right: see `dialout agents check {name}`"
            found.append({"name": name, "language": None, "purpose": None, "description": wrong})
    if as_json:
        typer.echo(json.dumps({"agents": found}))
        return
    rows = [tuple(each.values()) for each in found]
    table.show(("AGENT", "LANGUAGE", "PURPOSE", "WHAT IT DOES"), rows, empty="No agents.")


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", autocompletion=agent_names)],
    as_json: AsJson = False,
) -> None:
    """An agent with everything that its file leaves to us.

    Example:
      dialout agents show reminder
    """
    import yaml

    agent = _named(name)
    told = agent.model_dump(mode="json", exclude_none=True)
    text = yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=100)
    typer.echo(agent.model_dump_json() if as_json else text.rstrip())


@app.command()
def check(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="YAML files, or names of agents; by default all of agents/.",
            show_default=False,
            autocompletion=agent_names,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say every mistake of agents' files: file, field and reason. Exits with 1 if there is one.

    Examples:
      dialout agents check
      dialout agents check agents/reminder.yaml --json
    """
    from calls import agents

    paths = [_path(given) for given in files or agents.names()]
    mistakes = [mistake for path in paths for mistake in _mistakes(path)]
    if as_json:
        told = {"ok": not mistakes, "checked": [str(path) for path in paths], "mistakes": mistakes}
        typer.echo(json.dumps(told))
    else:
        for each in mistakes:
            typer.echo(": ".join(part for part in each.values() if part))
        if not mistakes:
            typer.echo(f"{len(paths)} right.")
    raise typer.Exit(ExitCode.REFUSED if mistakes else 0)


def _path(given: str) -> Path:
    from calls import agents

    return agents.FOLDER / f"{given}.yaml" if given in agents.names() else Path(given)


def _mistakes(path: Path) -> list[dict[str, str | None]]:
    from calls import agents

    try:
        agents.read(path)
    except agents.AgentFileError as error:
        return [{"file": str(path), "field": f, "reason": why} for f, why in error.mistakes]
    except OSError as error:
        return [{"file": str(path), "field": None, "reason": error.strerror}]
    return []


def _named(name: str) -> "Agent":
    from calls import agents
    from calls.refused import AgentError

    try:
        return agents.load(name)
    except AgentError as error:
        typer.echo(f"dialout: {error}", err=True)
        raise typer.Exit(ExitCode.REFUSED) from None
