"""The long-lived process behind ``/ws``: one Pipecat session a call."""

import os

# ONNX Runtime tells its maker about the models that it runs, unless it is told not to before it
# is imported. What runs in a user's account reports to nobody but them.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
