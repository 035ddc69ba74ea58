"""Agents tried on callees: the media service's own conversation, without sound."""
