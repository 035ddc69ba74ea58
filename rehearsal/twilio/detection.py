"""Answering-machine detection: the verdict, and when Twilio would be sure of it."""

from .call_request import Detection

HUMAN_SECONDS = 2.0
"""A person says hello, and waits."""
MACHINE_SECONDS = 4.0
"""A machine goes on and on."""


def verdict(detection: Detection, machine: bool, seconds: float, announced: bool) -> str | None:
    """``AnsweredBy`` as far as it is known; None while it is not.

    Args:
        detection: What was asked for.
        machine: It is one.
        seconds: Since the answer.
        announced: The machine has come to the end of its beep.
    """
    if not machine and seconds >= min(HUMAN_SECONDS, detection.timeout):
        return "human" if detection.timeout >= HUMAN_SECONDS else "unknown"
    if machine and detection.mode == "Enable" and seconds >= MACHINE_SECONDS:
        return "machine_start"
    if machine and detection.mode == "DetectMessageEnd" and announced:
        return "machine_end_beep"
    return "unknown" if seconds >= detection.timeout else None
