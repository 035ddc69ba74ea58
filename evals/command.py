"""``dialout eval``."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from calls.agent import Agent
    from evals.evaluation import Evaluation
    from evals.minds import Minds
    from evals.suite import Callee, Suite
    from evals.trying import Tried


class Who(StrEnum):
    """Who thinks."""

    VENDOR = "vendor"
    STAND_IN = "stand-in"


class _WrongError(Exception):
    """The command line, or a file, is not right. The message says what to do."""


def _agents(incomplete: str) -> list[str]:
    from evals import suite

    return [f"agents/{n}.yaml" for n in suite.names() if f"agents/{n}.yaml".startswith(incomplete)]


def evaluate(
    agent: Annotated[
        str,
        typer.Argument(
            metavar="AGENT", help="A YAML file, or an agent's name.", autocompletion=_agents
        ),
    ],
    suite: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The callees.", show_default="evals/suites/<agent's name>.yaml"
        ),
    ] = None,
    callee: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this callee; may be given several times."),
    ] = None,
    simulated: Annotated[
        bool | None,
        typer.Option(
            "--simulated/--scripted",
            help="Only those whom an LLM plays, or only those with a script.",
            show_default="both",
        ),
    ] = None,
    llm: Annotated[
        Who | None,
        typer.Option(
            help="Who thinks: the agent's own LLM, or a stand-in that knows what the prompt says.",
            show_default="the LLM, where there is a key for it",
        ),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write JUnit's XML there.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    show_list: Annotated[bool, typer.Option("--list", help="The callees, one a line.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Plain text.")] = False,
) -> None:
    """Try an agent on callees, and say what came of each call: success, outcome, rules.

    Its own prompt, tools and outcome are used as in a call, but nothing sounds, and nobody is
    phoned. Exits with 1 if a callee fails.

    Examples:
      dialout eval agents/reminder.yaml
      dialout eval agents/reminder.yaml --scripted --llm stand-in --junit evals.xml
      dialout eval agents/reminder.yaml --callee moves --callee silent --json
    """
    _silence()
    try:
        read = _agent(agent)
        chosen = _suite(read, suite)
        callees = _chosen(chosen, callee or [], simulated)
        if show_list:
            for each in callees:
                kind = "simulated" if each.simulated else "scripted"
                typer.echo(f"{each.name:24}{kind:11}{each.who}".rstrip())
            return
        minds = _minds(read, llm)
    except _WrongError as error:
        typer.echo(f"dialout: {error}", err=True)
        raise typer.Exit(2) from None
    try:
        tried = _try(chosen, callees, minds, quiet=as_json, no_color=no_color)
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        raise typer.Exit(130) from None
    _tell(tried, junit, as_json=as_json, no_color=no_color)
    raise typer.Exit(0 if tried.passed else 1)


def _agent(given: str) -> "Agent":
    from calls import agents

    path = agents.FOLDER / f"{given}.yaml" if given in agents.names() else Path(given)
    try:
        return agents.read(path)
    except agents.AgentFileError as error:
        raise _WrongError(f"{error}\nMend it first: `dialout agents check {given}`.") from None
    except OSError as error:
        there = ", ".join(f"agents/{name}.yaml" for name in agents.names())
        raise _WrongError(f"{given}: {error.strerror}. There are: {there}") from None


def _suite(agent: "Agent", given: Path | None) -> "Suite":
    from evals import suite

    path = given or suite.FOLDER / f"{agent.name}.yaml"
    if path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    try:
        return suite.read(path)
    except suite.SuiteError as error:
        raise _WrongError(str(error)) from None
    except OSError as error:
        there = ", ".join(suite.names())
        raise _WrongError(
            f"{path}: {error.strerror}. There are suites for {there}; docs/agents.md tells how to "
            "write one, and --suite names another file."
        ) from None


def _chosen(suite: "Suite", named: list[str], simulated: bool | None) -> "list[Callee]":
    there = [each.name for each in suite.callees]
    unknown = [name for name in named if name not in there]
    if unknown:
        raise _WrongError(
            f"no callee {unknown[0]!r} in {suite.path}; there are: {', '.join(there)}"
        )
    chosen = [
        each
        for each in suite.callees
        if (not named or each.name in named) and simulated in (None, each.simulated)
    ]
    if not chosen:
        kind = "simulated" if simulated else "scripted"
        raise _WrongError(f"no callee of those in {suite.path} is {kind}")
    return chosen


def _minds(agent: "Agent", who: Who | None) -> "Minds":
    from evals import minds

    vendor = None if who is None else who is Who.VENDOR
    try:
        return minds.find(agent, _environment(), vendor=vendor)
    except minds.MindError as error:
        raise _WrongError(str(error)) from None


def _environment() -> "Mapping[str, str | None]":
    import os

    from dotenv import dotenv_values

    return {**dotenv_values(".env"), **os.environ}


def _silence() -> None:
    """What happens inside is in the result; Pipecat's log is long, and begins with its import."""
    import logging

    from loguru import logger

    logger.remove()
    logging.getLogger().addHandler(logging.NullHandler())


def _try(
    suite: "Suite", callees: "list[Callee]", minds: "Minds", *, quiet: bool, no_color: bool
) -> "Tried":
    import asyncio

    from rich.console import Console

    from evals import trying

    console = Console(no_color=no_color, stderr=True, highlight=False)
    count = f"{len(callees)} callee{'s' if len(callees) > 1 else ''}"
    told = f"{minds.agent.name} on {count}, by {minds.told}…"
    if quiet or not console.is_terminal:
        return asyncio.run(trying.attempt(suite, callees, minds))
    with console.status(told) as status:
        left = {each.name for each in callees}

        def done(row: "Evaluation") -> None:
            left.discard(row.callee)
            status.update(f"{told} {len(left)} to go")

        return asyncio.run(trying.attempt(suite, callees, minds, done))


def _tell(tried: "Tried", junit: Path | None, *, as_json: bool, no_color: bool) -> None:
    from rich.console import Console

    from evals import report

    if junit:
        try:
            junit.write_bytes(report.junit(tried))
        except OSError as error:
            typer.echo(f"dialout: {junit}: {error.strerror}", err=True)
            raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps(report.as_json(tried), ensure_ascii=False))
    else:
        report.table(tried, Console(no_color=no_color, highlight=False))
