"""A cloud on a laptop: the emulator, and the project's own stack deployed into it."""
