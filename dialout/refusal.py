"""What went wrong, in a line that says what to do, and the exit code for it.

Exit codes: 0 done; 1 refused, or what was checked is not right; 2 the command line or a setting is
not right; 3 the API, AWS or the stack cannot be reached or has no room now; 130 Ctrl-C.
"""

import sys
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import typer

from dialout.completion import Completing

if TYPE_CHECKING:
    from dialout.problem import ApiError


class ExitCode(IntEnum):
    """What a script may decide by."""

    REFUSED = 1
    WRONG = 2
    UNAVAILABLE = 3
    INTERRUPTED = 130


class Explaining(Completing):
    """The commands; what any of them raises is said in words."""

    def invoke(self, ctx: Any) -> object:
        """As ever, but without tracebacks."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            told = _told(error)
            if told is None:
                raise
            said, code = told
        typer.echo(f"dialout: {said}", err=True)
        raise typer.Exit(code)


def _told(error: Exception) -> tuple[str, ExitCode] | None:
    """What to say of it; None: it is not for us."""
    found = _ours(error)
    if found is None and "botocore" in sys.modules:
        found = _of_aws(error)
    if found is None and "pydantic" in sys.modules:
        found = _of_settings(error)
    if found is None and isinstance(error, OSError) and error.filename:
        found = f"{error.filename}: {error.strerror}", ExitCode.REFUSED
    return found


def _ours(error: Exception) -> tuple[str, ExitCode] | None:
    # Here, not above: `dialout --help` needs none of it.
    from dialout.problem import ApiError, DialoutError, UnreachableError

    if isinstance(error, ApiError):
        return _of_the_api(error)
    if isinstance(error, UnreachableError):
        return f"{error}.\n`dialout doctor` says why.", ExitCode.UNAVAILABLE
    if isinstance(error, DialoutError):
        return str(error), ExitCode.WRONG
    if "dialout.stack" in sys.modules:
        from dialout.stack import StackMissingError

        if isinstance(error, StackMissingError):
            said = f"{error}.\nDeploy it: {error.remedy}\nor say where the API is: --url https://…"
            return said, ExitCode.UNAVAILABLE
    return None


def _of_the_api(error: "ApiError") -> tuple[str, ExitCode]:
    said = str(error)
    if error.code == "unauthorized":
        said += "\nPut a key into DIALOUT_API_KEY; `dialout keys add NAME` makes one."
    if error.retry_after is not None:
        said += f"\nIt may go in {error.retry_after:.0f} s."
        if error.code in ("no_free_seat", "pace_exceeded"):
            said += " With --wait the call waits for its turn."
    elif error.status >= 500:
        said += "\n`dialout doctor` looks for the reason."
    later = error.status >= 500 or error.status == 429
    return said, ExitCode.UNAVAILABLE if later else ExitCode.REFUSED


def _of_aws(error: Exception) -> tuple[str, ExitCode] | None:
    from botocore.exceptions import BotoCoreError, ClientError

    # An empty region is a ValueError of botocore's.
    address = isinstance(error, ValueError) and str(error).startswith("Invalid endpoint")
    if not address and not isinstance(error, BotoCoreError | ClientError):
        return None
    return (
        f"AWS cannot be used: {error}\nCheck with `aws sts get-caller-identity`, and AWS_REGION.",
        ExitCode.UNAVAILABLE,
    )


def _of_settings(error: Exception) -> tuple[str, ExitCode] | None:
    from pydantic import ValidationError

    if not isinstance(error, ValidationError) or error.title != "Settings":
        return None
    wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {_wanted(e)}" for e in error.errors())
    return f"a setting is not right: {wrong}", ExitCode.WRONG


def _wanted(error: Any) -> str:
    """What is wanted of a setting, in words where Pydantic has none."""
    if error["type"] == "string_pattern_mismatch" and error["loc"] == ("DIALOUT_ENV",):
        return "small letters, digits and -, a letter first, 16 at most, such as prod"
    return str(error["msg"])
