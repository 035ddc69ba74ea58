"""``dialout rehearse`` and ``dialout serve``."""

import asyncio
import json
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from rehearsal.misfortune import Ordered
    from rehearsal.plan import Plan

DEFAULT_SCENARIO = "order-check"
NoColor = Annotated[bool, typer.Option("--no-color", help="Plain text.")]
ScenarioName = Annotated[str, typer.Option("--scenario", metavar="NAME", help="Which call.")]
FaultNames = Annotated[
    list[str] | None,
    typer.Option("--fault", metavar="NAME", help="What goes wrong; may be given several times."),
]
ListFaults = Annotated[
    bool, typer.Option("--list-faults", "--faults", help="The faults, one a line.")
]


def rehearse(
    scenario: ScenarioName = DEFAULT_SCENARIO,
    show_list: Annotated[bool, typer.Option("--list", help="The scenarios, one a line.")] = False,
    fault: FaultNames = None,
    list_faults: ListFaults = False,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object.")] = False,
    no_color: NoColor = False,
    port: Annotated[int, typer.Option(help="By default 7860, or a free one.")] = 0,
    media_python: Annotated[
        str,
        typer.Option(
            metavar="PATH", help="What runs the media service.", show_default="this Python"
        ),
    ] = sys.executable,
) -> None:
    """Place one whole call, with everything around it rehearsed.

    With a fault it succeeds if the fault showed what it is to show.

    Examples:
      dialout rehearse --scenario reminder-moved
      dialout rehearse --fault twilio-500-after --json
    """
    from rehearsal.scenario import names

    if show_list:
        for name in names():
            typer.echo(name)
        return
    if list_faults:
        _list_faults()
        return
    with _errors_in_a_line():
        plan = _plan(port or (7860 if _is_free(7860) else _free_port()))
        faults = _faults(fault, plan)
        console = _console(no_color, as_json)
        ok = _run(_rehearse(plan, scenario, faults, as_json, console, media_python))
    raise typer.Exit(0 if ok else 1)


def serve(
    scenario: ScenarioName = DEFAULT_SCENARIO,
    port: Annotated[int, typer.Option(help="The one origin's.")] = 7860,
    host: Annotated[str, typer.Option(help="For containers; keep it on loopback.")] = "127.0.0.1",
    fault: FaultNames = None,
    list_faults: ListFaults = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="One JSON object, once it is up: where it is, and its key."),
    ] = False,
    no_color: NoColor = False,
) -> None:
    """Keep that world up, to be phoned from with curl, or answered in a browser. Ctrl-C ends it.

    Examples:
      dialout serve --port 8080
      dialout serve --fault deepgram-down
    """
    if list_faults:
        _list_faults()
        return
    with _errors_in_a_line():
        if not _is_free(port):
            raise OSError(f"port {port} is taken: stop what listens there, or take another --port")
        plan = _plan(port, host)
        faults = _faults(fault, plan)
        _run(_serve(plan, scenario, faults, as_json, _console(no_color, as_json)))


def _list_faults() -> None:
    from rehearsal.misfortune import MISFORTUNES

    for name, misfortune in MISFORTUNES.items():
        typer.echo(f"{name:26}{misfortune.shows}")


def _faults(names: list[str] | None, plan: "Plan") -> "Ordered":
    from rehearsal import admin
    from rehearsal.misfortune import Ordered

    ordered = Ordered(tuple(names or ()))
    admin.check(ordered.orders, plan)
    if ordered.blows:
        admin.check({"twilio": []}, plan)  # the phone network says when the call is answered
    return ordered


async def _rehearse(
    plan: "Plan", name: str, faults: "Ordered", as_json: bool, console: "Console", media_python: str
) -> bool:
    from rehearsal import phoning, report, scenario, trial, verdict
    from rehearsal.world import world

    chosen = scenario.load(name)
    inbound = chosen.direction == "inbound"
    if inbound and faults.names:
        raise phoning.NotRungError("--fault is for calls that we place, not for inbound ones")
    shown = report.Report(console)
    shown.heading(f"Rehearsing {name}: {chosen.summary}")
    request, folder = _request(plan, chosen.request), plan.folder / "recordings"
    async with world(plan, name, shown.step, media_python) as up:
        if inbound:
            await phoning.connect(up)
            shown.step(f"{plan.from_number} is answered by the agent")
        shown.heading("The call")
        if faults.names:
            tried = await trial.try_call(up, faults, request, chosen.goal, folder, shown.happening)
        else:
            placed = await phoning.phone(up, name, chosen, request, folder, shown.happening)
    if faults.names:
        shown.trial(tried)
        result, ok = report.trial_as_json(tried), tried.as_declared
    else:
        missing = verdict.shortfalls(chosen.goal, placed.record, listed=placed.listed)
        shown.summary(placed, missing)
        result, ok = report.as_json(placed, missing), not missing
    if as_json:
        typer.echo(json.dumps(result))
    return ok


async def _serve(
    plan: "Plan", name: str, faults: "Ordered", as_json: bool, console: "Console"
) -> bool:
    from rehearsal import admin, phoning, report, scenario
    from rehearsal.plan import PlanError
    from rehearsal.world import world

    chosen = scenario.load(name)
    shown = report.Report(console)
    shown.heading("Starting")
    if faults.blows:
        raise PlanError("a fault of the media tasks is for one call: `dialout rehearse --fault`")
    async with world(plan, name, shown.step, softphone=plan.has_softphone) as up:
        await admin.order(faults.orders, up.stand_ins)
        for fault in faults.names:
            shown.step(f"{fault} from now on")
        console.print()
        if chosen.direction == "inbound":
            await phoning.connect(up)
            body = json.dumps({"from": chosen.caller, "to": plan.from_number, "scenario": name})
            where, title = f"{up.twilio_url}/_rehearsal/inbound", "Have somebody phone our number"
        else:
            body = json.dumps(_request(plan, chosen.request))
            where = f"{plan.origin}/dialout -H 'Authorization: Bearer {plan.api_key}'"
            title = "Place a call"
        console.print(f"Ready. {title}:\n", style="bold")
        console.print(
            f"  curl -X POST {where} -H 'Content-Type: application/json' -d '{body}'",
            soft_wrap=True, highlight=False, markup=False,
        )  # fmt: skip
        console.print("\nand look at what became of it:\n")
        console.print(
            f"  curl {plan.origin}/calls -H 'Authorization: Bearer {plan.api_key}'",
            soft_wrap=True, highlight=False, markup=False,
        )  # fmt: skip
        console.print("\nWatch calls as they happen, in a browser, with that key:\n")
        console.print(f"  http://localhost:{plan.port}/console", soft_wrap=True, highlight=False)
        if plan.has_softphone:
            console.print("\nAnswer calls yourself, in a browser:\n")
            console.print(f"  http://localhost:{plan.port}/phone", soft_wrap=True, highlight=False)
        if plan.api_key_is_secret:
            console.print("\nThe key was made for this run, and is not shown again.")
        console.print("\nCtrl-C ends it, and leaves nothing running.", style="dim")
        if as_json:
            typer.echo(json.dumps({"url": plan.origin, "api_key": plan.api_key}))
        await _interrupted()
        console.print("Stopping.")
    return True


def _request(plan: "Plan", body: dict[str, Any]) -> dict[str, Any]:
    """The scenario's request, from our number, and to whom the user wants phoned."""
    changed = {"from_number": plan.from_number}
    if plan.to_number:
        changed["to_number"] = plan.to_number
    return {**body, **changed}


def _plan(port: int, host: str = "127.0.0.1") -> "Plan":
    from dotenv import dotenv_values

    from rehearsal.plan import plan

    return plan({**dotenv_values(".env"), **os.environ}, port, host)


def _console(no_color: bool, to_stderr: bool) -> "Console":
    from rich.console import Console

    # Without a terminal rich prints plain lines by itself.
    return Console(no_color=no_color, stderr=to_stderr, highlight=False)


def _run(main: Any) -> bool:
    """Run to the end; Ctrl-C and SIGTERM cancel it, so that everything is stopped."""

    async def cancellable() -> bool:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        if task is not None:
            loop.add_signal_handler(signal.SIGTERM, task.cancel)
        return bool(await main)

    return asyncio.run(cancellable())


async def _interrupted() -> None:
    """Until Ctrl-C or SIGTERM; either is the wanted end here."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


class _errors_in_a_line:  # noqa: N801 -- reads as a statement
    """What a user can mend is said in a line; anything else is a bug and keeps its traceback."""

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: Any
    ) -> None:
        from rehearsal.admin import OrderError
        from rehearsal.misfortune import UnknownFaultError
        from rehearsal.phoning import NotRungError
        from rehearsal.placed_call import (
            NeverEndedError,
            NotPlacedError,
            NotReceivedError,
            RecordingError,
        )
        from rehearsal.plan import PlanError
        from rehearsal.process import ProcessError

        if isinstance(error, (KeyboardInterrupt, asyncio.CancelledError)):
            typer.echo("Stopped.", err=True)
            raise typer.Exit(130)
        known = (
            RecordingError,
            UnknownFaultError,
            OrderError,
            PlanError,
            ProcessError,
            NotPlacedError,
            NotReceivedError,
            NotRungError,
            NeverEndedError,
            FileNotFoundError,
            OSError,
        )
        if isinstance(error, known):
            typer.echo(f"dialout: {error}", err=True)
            raise typer.Exit(2)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    from rehearsal.world import free_port

    return free_port()


if sys.platform != "linux":  # pragma: no cover
    typer.echo("The rehearsal runs on Linux; elsewhere use `docker compose up`.", err=True)
