"""The `dialout` command."""
