"""What the ``{{name}}`` in an agent's texts stand for."""

import re

VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")

Value = str | int | float | bool
"""What a variable may be."""
