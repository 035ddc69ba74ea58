"""What the pages of a rehearsal share: who may open them, and how they look."""
