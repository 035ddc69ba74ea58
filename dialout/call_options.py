"""The options that say what a call is to be: of ``dialout call`` and ``dialout schedule add``."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dialout.call_request import Consent


def agent_names(incomplete: str) -> list[str]:
    """The agents whose names begin so, for a shell to complete."""
    from calls import agents

    return [name for name in agents.names() if name.startswith(incomplete)]


AgentName = Annotated[
    str | None,
    typer.Option("--agent", metavar="NAME", help="A file in agents/.", autocompletion=agent_names),
]
FromNumber = Annotated[
    str | None, typer.Option("--from", metavar="NUMBER", help="One of your numbers.")
]
Variables = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="A variable; repeatable."),
]
Metadata = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="Yours: comes back with the record; repeatable."),
]
WebhookUrl = Annotated[
    str | None,
    typer.Option("--webhook-url", metavar="URL", help="Where the call's events are posted to."),
]
ConsentText = Annotated[
    str | None,
    typer.Option(
        "--consent",
        metavar="BASIS,AT,SOURCE",
        help="That the callee agreed: 'express_written, 2026-11-01T09:00:00Z, the web form'.",
    ),
]
Seconds = Annotated[
    int | None, typer.Option("--max-call-seconds", help="The call ends after so many.")
]
IdempotencyKey = Annotated[
    str | None,
    typer.Option("--idempotency-key", metavar="KEY", help="Asked for twice, it is done once."),
]


def pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """``NAME=VALUE``, each.

    Raises:
        typer.BadParameter: one is something else.
    """
    found = {}
    for each in given or []:
        name, sign, value = each.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f"{each!r} is not NAME=VALUE", param_hint=option)
        found[name] = value
    return found


def consent(given: str | None) -> "Consent | None":
    """``BASIS,AT,SOURCE``; the source may have commas.

    Raises:
        typer.BadParameter: it is something else.
    """
    from datetime import datetime

    from dialout.call_request import Consent

    if given is None:
        return None
    try:
        basis, at, source = given.split(",", 2)
        agreed_at = datetime.fromisoformat(at.strip())
        if agreed_at.tzinfo is None:
            raise ValueError("no zone")
    except ValueError:
        raise typer.BadParameter(
            "BASIS,AT,SOURCE is wanted, AT with its offset: "
            "express_written,2026-11-01T09:00:00Z,the web form",
            param_hint="--consent",
        ) from None
    return Consent(basis=basis.strip(), at=agreed_at, source=source.strip())
