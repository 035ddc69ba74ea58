"""How often a silence is broken before the agent gives up."""


class Idle:
    """Counts the silences since the callee last said something.

    Args:
        tries: how many are broken; the next is the last.
        silences: how many there were already.
    """

    def __init__(self, tries: int, silences: int = 0) -> None:
        self._tries = tries
        self._silences = silences

    def silent(self) -> bool:
        """Another silence. Whether to break it; if not, it is time to say goodbye."""
        self._silences += 1
        return self._silences <= self._tries

    def spoken(self) -> None:
        """The callee said something."""
        self._silences = 0
