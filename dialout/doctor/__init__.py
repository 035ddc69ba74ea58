"""``dialout doctor``: what is missing between here and a ringing phone, and what mends it."""
