"""What calls cost, in US dollars: the vendors' list prices for calls within the US and the vendors
that an agent has unless it chooses others. docs/operations.md has the arithmetic; change both.

Sources, November 2026: twilio.com/en-us/voice/pricing/us, deepgram.com/pricing, groq.com/pricing.
"""

import math

TWILIO_PER_MINUTE = 0.0140 + 0.0040 + 0.0025
"""The line, Media Streams, recording. Each minute that is begun."""
LISTENING_PER_MINUTE = 0.0077
"""Deepgram nova-3, streaming."""
SPEAKING_PER_MINUTE = 0.450 * 0.030
"""Deepgram aura-2, with the agent speaking half of the time: about 450 characters a minute."""
THINKING_PER_MINUTE = 6 * (900 * 0.15 + 40 * 0.60) / 1_000_000
"""Groq gpt-oss-120b: six answers a minute of 900 tokens in and 40 out."""
DEBRIEF = (1000 * 0.15 + 300 * 0.60) / 1_000_000
AWS_PER_CALL = 0.0005


def call_usd(seconds: float) -> float:
    """One answered call that lasts so long."""
    minutes = seconds / 60
    talking = LISTENING_PER_MINUTE + SPEAKING_PER_MINUTE + THINKING_PER_MINUTE
    return math.ceil(minutes) * TWILIO_PER_MINUTE + minutes * talking + DEBRIEF + AWS_PER_CALL
