"""Stand-in for Groq: its OpenAI-compatible chat endpoint, speaking from scenario files."""
