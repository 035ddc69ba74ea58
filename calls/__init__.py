"""What a call is, and the rules that it obeys. No Lambda, FastAPI, Pipecat or CDK in here."""
