"""``dialout``: the command's tree."""

from importlib.metadata import entry_points

import typer

from dialout import call_records, keys, numbers, placing, secrets
from dialout.doctor.command import doctor

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="AI phone calls from your own AWS account.",
)
app.command()(placing.call)
app.add_typer(call_records.app, name="calls")
app.command()(doctor)
app.add_typer(secrets.app, name="secrets")
app.add_typer(keys.app, name="keys")
app.add_typer(numbers.app, name="numbers")
# Commands that are no part of the product, such as the rehearsal, announce themselves.
for _found in entry_points(group="dialout.commands"):
    app.command(_found.name)(_found.load())
