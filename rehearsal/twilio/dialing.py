"""``<Dial>``: phoning somebody else, and joining them to the line."""

from dataclasses import dataclass

from rehearsal.mulaw import FRAME, SILENT_FRAME

from .line import Heard, Person
from .playout import Played


@dataclass(frozen=True)
class Dialled:
    """What became of it, as the ``action`` hears of it."""

    sid: str
    status: str
    """``completed``, ``busy``, ``no-answer`` or ``failed``."""
    seconds: int = 0
    """Of talking."""

    def parameters(self) -> dict[str, str]:
        """The form fields."""
        parameters = {"DialCallSid": self.sid, "DialCallStatus": self.status}
        if self.status == "completed":
            parameters["DialCallDuration"] = str(self.seconds)
            parameters["DialBridged"] = "true"
        return parameters


class Bridge:
    """A second person on the line, who takes the place of a playout. No I/O.

    Args:
        person: Plays a script against the first callee, as a callee does against the agent.
    """

    def __init__(self, person: Person) -> None:
        self._person = person
        self._last = SILENT_FRAME
        self.over = False
        """The second person has hung up."""

    def pull(self) -> Played:
        """The second person's next 20 ms, said to what the first said in the last."""
        if self.over:
            return Played(SILENT_FRAME, (), 0)
        spoken = self._person.tick(self._last)
        self.over = spoken.hang_up
        return Played(spoken.audio, (), FRAME)

    def listen(self, heard: Heard) -> None:
        """Take the first callee's 20 ms."""
        self._last = heard.callee
