"""From what the agent is to say to its sound."""
