"""The phone of whoever sits at this machine: a page in a browser."""
