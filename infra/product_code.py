"""What every function runs: the shared zip, and the settings beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import aws_lambda as lambda_

from infra.context import Context
from infra.data import Data


@dataclass(frozen=True)
class ProductCode:
    """The zip, and the environment variables that functions and tasks get alike."""

    code: lambda_.Code
    environment: Mapping[str, str]


def settings_of(
    context: Context,
    data: Data,
    *,
    api_url: str,
    ws_url: str,
    event_bus: str,
    schedules: Mapping[str, str],
) -> Mapping[str, str]:
    """The settings by name: what ``cdk.json`` and ``-c set.`` chose, and what the stack knows.

    Args:
        context: the deployment's choices.
        data: the stack's.
        api_url: where Twilio reaches the API, unless a setting says otherwise.
        ws_url: where Twilio reaches the media service, unless a setting says otherwise.
        event_bus: the name of the bus of call events.
        schedules: where timed calls are scheduled.
    """
    return {
        "DIALOUT_PUBLIC_API_URL": api_url,
        "DIALOUT_PUBLIC_WS_URL": ws_url,
        **context.settings,
        "DIALOUT_ENV": context.env,
        "DIALOUT_TABLE": data.table.table_name,
        "DIALOUT_RECORDINGS_BUCKET": data.recordings.bucket_name,
        "DIALOUT_PREPARE_QUEUE_URL": data.prepare_queue.queue_url,
        "DIALOUT_TIMED_QUEUE_URL": data.timed_queue.queue_url,
        "DIALOUT_CAMPAIGN_QUEUE_URL": data.campaign_queue.queue_url,
        **schedules,
        "DIALOUT_EVENT_BUS": event_bus,
        "DIALOUT_PARAMETER_PREFIX": context.parameter_prefix,
    }
