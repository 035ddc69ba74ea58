"""A call that was just placed is prepared while it rings: asked for here, done by a media task."""

from calls.call import Call
from calls.failure import kinds, places
from calls.preparation import rings
from functions import wiring
from functions.log import logger


def ask(call: Call) -> None:
    """Have the call prepared, if it was placed. A failure is only logged: no call needs it."""
    if call.call_sid is None or not rings(call):
        return
    try:
        wiring.prepare_queue().put(call.call_id)
    except Exception as error:
        logger.error(
            "Call not to be prepared", call_id=call.call_id,
            kinds=kinds(error), places=places(error),
        )  # fmt: skip
