"""Shell completion for the shell that is named; unnamed, for the one that Typer finds around us."""

from typing import Any

from typer.completion import install_callback, show_callback
from typer.core import TyperGroup

SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
_OPTIONS = {"--show-completion": show_callback, "--install-completion": install_callback}


class Completing(TyperGroup):
    """The commands, of which ``--show-completion zsh`` prints what zsh needs.

    Typer's own option takes no name: it would print what the shell around it needs, whatever is
    asked for.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As ever, but for those two options with a name; they end the process."""
        if len(args) == 2 and (asked := _OPTIONS.get(args[0])):
            if args[1] not in SHELLS:
                ctx.fail(f"there is no completion for {args[1]!r}, but for {', '.join(SHELLS)}")
            (option,) = [each for each in self.params if args[0] in each.opts]
            asked(ctx, option, args[1])
        return super().parse_args(ctx, args)
