"""What every session of the process shares."""

from collections.abc import Callable
from dataclasses import dataclass, field

from calls import agents
from calls.agent import Agent
from calls.ports import CallRecords, DoNotCallList, Greetings, Telephony
from calls.scheduling import Scheduler
from calls.settings import Settings
from media_service.latency import Latencies
from media_service.listening.models import Models
from media_service.signed_http import SignedHttp
from media_service.speaking.apology import apology
from media_service.vendors import Vendors


@dataclass(frozen=True)
class World:
    """Made once at boot; a test makes its own."""

    settings: Settings
    records: CallRecords
    telephony: Telephony
    vendors: Vendors
    models: Models
    greetings: Greetings
    do_not_call: DoNotCallList
    http: SignedHttp
    scheduler: Scheduler
    agent: Callable[[str], Agent] = agents.load
    """The agent of that name."""
    apology: Callable[[str], tuple[bytes, str]] = apology
    """The stored apology in a language: its sound (mu-law, 8 kHz) and its words."""
    latencies: Latencies = field(default_factory=Latencies)
    """Of the turns since they were last told."""
