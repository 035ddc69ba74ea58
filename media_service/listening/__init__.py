"""From the callee's sound to their turns."""
