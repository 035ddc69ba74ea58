"""What an agent does with whoever, or whatever, picks up."""

from typing import Literal

from pydantic import Field

from calls.vendor_choice import Section


class Answering(Section):
    """How the answer is classified, and what follows. A person is always talked with."""

    detect: bool = True
    """Look at the first seconds: a human, a voicemail, a screening assistant, a menu, or a line
    that is not in service. Without it, everybody is taken for a human."""
    decide_after_seconds: float = Field(4.0, gt=0, le=20)
    """Whoever is not known for a machine by then is a human."""
    voicemail: Literal["hang_up", "leave_message"] = "hang_up"
    message: str | None = Field(None, max_length=1000)
    """Said after the beep, with variables; needed for ``leave_message``."""
    screening: Literal["answer", "hang_up"] = "answer"
    screening_reply: str | None = Field(None, max_length=500)
    """Said to an assistant that asks who calls and why, with variables; by default the LLM says
    it."""
    menu: Literal["navigate", "hang_up"] = "hang_up"
    menu_goal: str | None = Field(None, max_length=500)
    """Where to get to in a menu by pressing digits; needed for ``navigate``."""
    amd: bool = False
    """Ask Twilio's answering machine detection too (asynchronous; costs extra a call)."""
