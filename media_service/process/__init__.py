"""The process around the calls: its doors, its heartbeat, its beginning and end."""
