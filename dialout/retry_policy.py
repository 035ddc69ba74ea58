"""The options that say when a campaign phones again, and when it pauses by itself."""

from typing import TYPE_CHECKING

import typer

from dialout.call_options import pairs

if TYPE_CHECKING:
    from dialout.campaign import Breaker, Retry


def retry(given: list[str] | None) -> "Retry | None":
    """``KIND=ATTEMPTS,GAP``, each; the gap in seconds.

    Raises:
        typer.BadParameter: one is something else.
    """
    from dialout.campaign import Again, Retry

    if not given:
        return None
    found: dict[str, Again] = {}
    for kind, text in pairs(given, "--retry").items():
        try:
            attempts, gap = map(int, text.split(","))
        except ValueError:
            attempts, gap = 0, -1
        if kind not in Retry.model_fields or attempts < 1 or gap < 0:
            raise typer.BadParameter(
                f"{kind}={text}: KIND=ATTEMPTS,GAP is wanted, such as busy=3,600; kinds are "
                f"{', '.join(Retry.model_fields)}",
                param_hint="--retry",
            )
        found[kind] = Again(attempts=attempts, gap_seconds=gap)
    return Retry(**found)


def breaker(given: str | None) -> "Breaker | None":
    """``SHARE,LAST``.

    Raises:
        typer.BadParameter: it is something else.
    """
    from dialout.campaign import Breaker

    if given is None:
        return None
    try:
        share, last = given.split(",")
        return Breaker(share=float(share), of_last=int(last))
    except ValueError:
        raise typer.BadParameter(
            "SHARE,LAST is wanted, such as 0.5,20", param_hint="--breaker"
        ) from None
