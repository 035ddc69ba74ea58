"""AWS's services, as patient as somebody on the line, and how to tell that one does not answer."""

from typing import Any, Literal

# Tries in all, with waits of up to 1, 2 and 4 s between them. By default the SDK tries DynamoDB for
# longer than a function may run.
_TRIES = {"dynamodb": 4, "scheduler": 3, "ssm": 3}
_CONNECT_SECONDS, _ANSWER_SECONDS = 2, 5
_THROTTLED = {
    "ProvisionedThroughputExceededException",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "ThrottlingError",
    "ThrottlingException",
}


def client(service: Literal["dynamodb", "scheduler", "ssm"]) -> Any:
    """A client from the environment (~0.5 s of CPU)."""
    import boto3  # here: its import is most of a function's cold start
    from botocore.config import Config

    return boto3.client(
        service,
        config=Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_ANSWER_SECONDS,
            retries={"mode": "standard", "total_max_attempts": _TRIES[service]},
        ),
    )


def throttled(error: BaseException) -> bool:
    """Whether a service refused for now what was asked too fast; of a transaction, also a part."""
    response = getattr(error, "response", {})
    codes = {reason.get("Code") for reason in response.get("CancellationReasons", [])}
    return bool(_THROTTLED & {response.get("Error", {}).get("Code"), *codes})


def unavailable(error: BaseException) -> bool:
    """Whether a service of AWS is why: it throttles, is broken, or cannot be reached. Later it may
    well answer."""
    from botocore import exceptions

    if isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError):
        return True
    if not isinstance(error, exceptions.ClientError):
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or throttled(error)
