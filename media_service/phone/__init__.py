"""The line to the callee: Twilio's stream, what goes over it, and what of it was heard."""
