"""Deepgram's SDK, imported past the deprecated names of `websockets` that it uses."""

import importlib
import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "websockets.* is deprecated", DeprecationWarning)
    from deepgram import AsyncDeepgramClient
    from deepgram.core import ApiError
    from deepgram.core.events import EventType
    from deepgram.environment import DeepgramClientEnvironment
    from deepgram.listen.v1.socket_client import AsyncV1SocketClient as ListenSocket
    from deepgram.listen.v1.types import ListenV1Metadata, ListenV1Results
    from deepgram.speak.v1.socket_client import AsyncV1SocketClient as SpeakSocket
    from deepgram.speak.v1.types import (
        SpeakV1Clear,
        SpeakV1Close,
        SpeakV1Flush,
        SpeakV1Flushed,
        SpeakV1Metadata,
        SpeakV1Text,
    )

    # The SDK imports these two only when they are used, outside of this block.
    for name in ("deepgram.listen.v1.client", "deepgram.speak.v1.client"):
        importlib.import_module(name)

__all__ = [
    "ApiError",
    "AsyncDeepgramClient",
    "DeepgramClientEnvironment",
    "EventType",
    "ListenSocket",
    "ListenV1Metadata",
    "ListenV1Results",
    "SpeakSocket",
    "SpeakV1Clear",
    "SpeakV1Close",
    "SpeakV1Flush",
    "SpeakV1Flushed",
    "SpeakV1Metadata",
    "SpeakV1Text",
]
