"""Stand-in for Deepgram: the two WebSocket protocols that a call uses, over embedded engines."""
