"""What stands behind the ports in a function. Made at first use, kept while it is warm.

And loaded at first use, where it is more than an adapter of AWS's: a function starts without what
only others need.
"""

from functools import cache
from typing import TYPE_CHECKING

from calls.adapters import aws
from calls.adapters.dynamodb import DynamoCallRecords
from calls.adapters.dynamodb_ledger import DynamoLedger
from calls.adapters.parameters import ParameterStore
from calls.adapters.prepare_queue import PrepareQueue
from calls.adapters.twilio_telephony import TwilioTelephony
from calls.settings import settings

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from calls.adapters.delivery_queue import DeliveryQueue
    from calls.adapters.dial_queue import DialQueue
    from calls.adapters.dynamodb_campaigns import DynamoCampaigns
    from calls.adapters.dynamodb_do_not_call import DynamoDoNotCall
    from calls.adapters.dynamodb_schedules import DynamoSchedules
    from calls.adapters.event_bus import EventBus
    from calls.adapters.event_scheduler import EventScheduler
    from calls.adapters.guarded_http import GuardedHttp
    from calls.adapters.recording_store import RecordingStore
    from calls.call import Call
    from calls.campaign_dialing import CampaignDialing
    from calls.campaign_preview import Previewer
    from calls.campaigning import Campaigner
    from calls.debrief import Debriefer
    from calls.dialing import Dialer
    from calls.receiving import Receiver
    from calls.scheduling import Scheduler
    from calls.timed import TimedCalls


@cache
def dynamodb() -> "DynamoDBClient":
    client: DynamoDBClient = aws.client("dynamodb")
    return client


@cache
def records() -> DynamoCallRecords:
    return DynamoCallRecords(settings().table, dynamodb())


@cache
def ledger() -> DynamoLedger:
    return DynamoLedger(settings().table, dynamodb())


@cache
def do_not_call() -> "DynamoDoNotCall":
    from calls.adapters.dynamodb_do_not_call import DynamoDoNotCall

    return DynamoDoNotCall(settings().table, dynamodb())


@cache
def prepare_queue() -> PrepareQueue:
    return PrepareQueue(settings().prepare_queue_url)


@cache
def schedules() -> "DynamoSchedules":
    from calls.adapters.dynamodb_schedules import DynamoSchedules

    return DynamoSchedules(settings().table, dynamodb())


@cache
def timer() -> "EventScheduler":
    from calls.adapters.event_scheduler import EventScheduler, Target

    return EventScheduler(Target.of(settings()))


def scheduler() -> "Scheduler":
    from calls.scheduling import Scheduler

    return Scheduler(schedules(), timer(), settings())


def timed_calls() -> "TimedCalls":
    from calls.timed import TimedCalls

    return TimedCalls(schedules(), records(), timer(), settings())


@cache
def campaigns() -> "DynamoCampaigns":
    from calls.adapters.dynamodb_campaigns import DynamoCampaigns

    return DynamoCampaigns(settings().table, dynamodb())


def campaigner() -> "Campaigner":
    from calls.campaigning import Campaigner

    return Campaigner(campaigns(), settings())


def previewer() -> "Previewer":
    from calls.campaign_preview import Previewer

    return Previewer(campaigns(), ledger(), do_not_call(), settings())


def campaign_dialing() -> "CampaignDialing":
    from calls.campaign_dialing import CampaignDialing

    queue = dial_queue(settings().campaign_queue_url)
    return CampaignDialing(campaigns(), records(), ledger(), do_not_call(), queue, settings())


@cache
def dial_queue(url: str) -> "DialQueue":
    from calls.adapters.dial_queue import DialQueue

    return DialQueue(url)


@cache
def secrets() -> ParameterStore:
    return ParameterStore(settings().secrets_prefix)


@cache
def recordings() -> "RecordingStore":
    from calls.adapters.recording_store import RecordingStore

    return RecordingStore(settings().recordings_bucket)


@cache
def event_bus() -> "EventBus":
    from calls.adapters.event_bus import EventBus

    return EventBus(settings().event_bus)


@cache
def delivery_queue(arn: str) -> "DeliveryQueue":
    from calls.adapters.delivery_queue import DeliveryQueue

    return DeliveryQueue(arn)


@cache
def guarded_http() -> "GuardedHttp":
    from calls.adapters.guarded_http import GuardedHttp

    return GuardedHttp(seconds=8)


@cache
def debriefer() -> "Debriefer":
    from calls.adapters.llm_completion import LlmCompletion
    from calls.debrief import Debriefer

    return Debriefer(records(), LlmCompletion(settings(), secrets()))


@cache
def _telephony(account_sid: str, auth_token: str) -> TwilioTelephony:
    return TwilioTelephony(account_sid, auth_token, settings().twilio_api_base_url)


def telephony() -> TwilioTelephony:
    """Twilio with the credentials of now: a rotated token makes another client."""
    return _telephony(secrets().get("twilio/account-sid"), secrets().get("twilio/auth-token"))


def receiver() -> "Receiver":
    """Takes calls to our own numbers."""
    from calls.receiving import Receiver

    return Receiver(records(), ledger(), settings())


def dialer() -> "Dialer":
    """Whoever asks for a single call and would wait, waits among the timed ones."""
    from calls.dialing import Dialer

    queue = dial_queue(settings().timed_queue_url)
    return Dialer(
        records(), ledger(), do_not_call(), telephony(), queue, settings(),
        check_wanted=_check_wanted,
    )  # fmt: skip


def _check_wanted(call: "Call") -> None:
    """Of calls that waited, those of campaigns alone are asked about: see ``CampaignDialing``."""
    if call.campaign_id is not None:
        campaign_dialing().check_wanted(call)
