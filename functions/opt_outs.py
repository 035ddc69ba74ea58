"""Who came onto the do-not-call list: what was to phone them is cancelled.

Read from the table's stream, so that it follows whoever listed the number, and is done again until
it is done. Nobody depends on it: a listed number is refused when it would be dialled.
"""

from typing import Any

from calls.failure import kinds, places
from calls.phone_number import masked
from functions import wiring
from functions.log import logger


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Cancel; from the first that fails on, the stream sends again."""
    for record in event["Records"]:
        change = record["dynamodb"]
        number = change["Keys"]["sk"]["S"]
        try:
            cancelled = wiring.scheduler().cancel_number(number)
            skipped = wiring.campaigner().skip_number(number)
        except Exception as error:
            logger.error("Opt-out not followed up", kinds=kinds(error), places=places(error))
            return {"batchItemFailures": [{"itemIdentifier": change["SequenceNumber"]}]}
        logger.info(
            "Opt-out followed up",
            number=masked(number), schedules=len(cancelled), campaigns=len(skipped),
        )  # fmt: skip
    return {"batchItemFailures": []}
