"""Time that passes only when somebody sleeps."""

from datetime import datetime, timedelta


class Clock:
    """A clock and its ``sleep``."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
