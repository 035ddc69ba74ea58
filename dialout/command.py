"""``dialout``: the command's tree."""

from importlib.metadata import entry_points

import typer

from dialout import (
    agent_files,
    call_records,
    campaigning,
    fleet,
    keys,
    numbers,
    opt_outs,
    placing,
    secrets,
    timing,
)
from dialout.doctor.command import doctor
from dialout.refusal import Explaining

app = typer.Typer(
    cls=Explaining,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help=(
        "AI phone calls from your own AWS account.\n\n"
        "It finds the API by --url, by DIALOUT_API_URL, or by the deployed stack of --env; "
        "its key is in DIALOUT_API_KEY.\n\n"
        "Exit codes: 0 done; 1 refused, or what was checked is not right; 2 the command line or a "
        "setting is not right; 3 the API, AWS or the stack cannot be reached or has no room now; "
        "130 Ctrl-C.\n\n"
        "Examples:\n"
        "  dialout call +15550100001 --agent reminder --var customer_name=Sarah\n"
        '  dialout schedule add +15550100001 --cron "30 7 * * MON-FRI" --agent wake_up\n'
        "  dialout calls list --json"
    ),
)
app.command()(placing.call)
app.add_typer(call_records.app, name="calls")
app.add_typer(timing.app, name="schedule")
app.add_typer(campaigning.app, name="campaign")
app.add_typer(opt_outs.app, name="do-not-call")
app.command()(fleet.fleet)
app.add_typer(agent_files.app, name="agents")
app.command()(doctor)
app.add_typer(secrets.app, name="secrets")
app.add_typer(keys.app, name="keys")
app.add_typer(numbers.app, name="numbers")
# Commands that are no part of the product, such as the rehearsal, announce themselves.
for _found in entry_points(group="dialout.commands"):
    app.command(_found.name)(_found.load())
