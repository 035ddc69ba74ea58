"""The outside world, behind the Protocols of ``calls.ports``."""
