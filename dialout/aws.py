"""Clients of AWS that give up soon: a person is waiting."""

import threading
from typing import Any

_making = threading.Lock()


def client(service: str) -> Any:
    """The service's boto3 client; may be called from any thread.

    Raises:
        botocore.exceptions.NoRegionError: no region is chosen.
    """
    import boto3  # here: `dialout --help` needs none of it
    from botocore.config import Config

    config = Config(connect_timeout=4, read_timeout=10, retries={"total_max_attempts": 2})
    with _making:  # boto3's session is not made for threads; the clients are
        return boto3.client(service, config=config)  # type: ignore[call-overload]
