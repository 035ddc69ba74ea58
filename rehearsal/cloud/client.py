"""boto3 for the local cloud."""

import os
from typing import Any

import boto3
import botocore.session

from rehearsal.cloud.environment import ACCOUNT, REGION, loopback


def client(service: str, endpoint: str) -> Any:
    """A client of the local cloud that reads neither the user's profile nor their files.

    Raises:
        RemoteCloudError: the endpoint is not on this machine.
    """
    # As botocore writes them: (config key, environment names, default, conversion). Without an
    # environment name the user's AWS_PROFILE, which may not even exist, is not looked at.
    no_file: Any = (None, [], os.devnull, None)
    no_profile: Any = (None, [], None, None)
    session = botocore.session.Session(
        session_vars={
            "profile": no_profile,
            "config_file": no_file,
            "credentials_file": no_file,
        }
    )
    maker: Any = boto3.Session(botocore_session=session)
    return maker.client(
        service,
        region_name=REGION,
        endpoint_url=loopback(endpoint),
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="rehearsal",  # noqa: S106 -- of no account
    )
