"""What the callee said that is no turn yet."""

from datetime import datetime

from calls.call import now


class Heard:
    """Words, as the listener understands them.

    Attributes:
        unsettled: those that may still change.
    """

    def __init__(self) -> None:
        self.unsettled = ""
        self._finals: list[str] = []
        self._since = now()

    @property
    def text(self) -> str:
        """All of them."""
        return " ".join([*self._finals, self.unsettled]).strip()

    def add(self, text: str, *, final: bool) -> None:
        """More; what is not settled takes the place of what was not."""
        if not self.text:
            self._since = now()
        if final and text.strip():
            self._finals.append(text.strip())
        self.unsettled = "" if final else text.strip()

    def take(self) -> tuple[str, datetime]:
        """The words, and when they began. From now on others are heard."""
        taken = self.text, self._since
        self._finals, self.unsettled = [], ""
        return taken
