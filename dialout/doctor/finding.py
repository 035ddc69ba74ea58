"""What a check came to: a verdict, a sentence, and the command that mends it."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """From good to not even asked."""

    OK = "ok"
    WARN = "warn"
    """Calls work, within limits that the finding names."""
    FAIL = "fail"
    SKIPPED = "skipped"
    """Could not be asked; the finding says why."""


@dataclass(frozen=True)
class Finding:
    """What one check found. No text holds a secret, or more of a number than its last digits."""

    verdict: Verdict
    text: str
    remedy: str = ""
    """A command to run, or else what to do; empty where there is nothing to mend."""


def ok(text: str) -> Finding:
    """All is well."""
    return Finding(Verdict.OK, text)


def warn(text: str, remedy: str) -> Finding:
    """It works, within limits."""
    return Finding(Verdict.WARN, text, remedy)


def fail(text: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(Verdict.FAIL, text, remedy)


def skipped(text: str) -> Finding:
    """It could not be asked."""
    return Finding(Verdict.SKIPPED, text)
