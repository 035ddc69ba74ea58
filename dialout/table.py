"""A table for people: aligned, and never cut off in a pipe."""

from collections.abc import Iterable, Sequence


def show(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Prints the rows, or ``empty`` if there are none. None in a cell is an empty cell."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=True)
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    # An id that is cut off is of no use: whoever shows the lines may wrap them.
    console = Console(width=1000)
    console.print(table if table.row_count else empty, crop=False)


def more(cursor: str | None) -> None:
    """Says how to see what comes after a page."""
    import typer

    if cursor is not None:
        typer.echo(f"There are more: --cursor {cursor}", err=True)
