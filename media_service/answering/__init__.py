"""Who answered, and what follows from it."""
