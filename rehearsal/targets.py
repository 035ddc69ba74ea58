"""Which media tasks take new streams: a file that the gateway reads, as a target group is read."""

from collections.abc import Iterable
from pathlib import Path


class Targets:
    """Base URLs, a line each, in a file that is replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, urls: Iterable[str]) -> None:
        """These and no others take new streams from now on; the others keep those they have."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text("".join(f"{url}\n" for url in urls))
        fresh.replace(self._path)

    def urls(self) -> list[str]:
        """Those that take new streams."""
        return self._path.read_text().splitlines()
