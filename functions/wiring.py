"""What stands behind the ports in a function. Made at first use, kept while it is warm."""

from functools import cache
from typing import TYPE_CHECKING

from calls.adapters import aws
from calls.adapters.delivery_queue import DeliveryQueue
from calls.adapters.dial_queue import DialQueue
from calls.adapters.dynamodb import DynamoCallRecords
from calls.adapters.dynamodb_campaigns import DynamoCampaigns
from calls.adapters.dynamodb_do_not_call import DynamoDoNotCall
from calls.adapters.dynamodb_ledger import DynamoLedger
from calls.adapters.dynamodb_schedules import DynamoSchedules
from calls.adapters.event_bus import EventBus
from calls.adapters.event_scheduler import EventScheduler, Target
from calls.adapters.parameters import ParameterStore
from calls.adapters.prepare_queue import PrepareQueue
from calls.adapters.recording_store import RecordingStore
from calls.adapters.twilio_telephony import TwilioTelephony
from calls.campaign_dialing import CampaignDialing
from calls.campaign_preview import Previewer
from calls.campaigning import Campaigner
from calls.dialing import Dialer
from calls.receiving import Receiver
from calls.scheduling import Scheduler
from calls.settings import settings
from calls.timed import TimedCalls

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from calls.adapters.guarded_http import GuardedHttp
    from calls.debrief import Debriefer


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
def do_not_call() -> DynamoDoNotCall:
    return DynamoDoNotCall(settings().table, dynamodb())


@cache
def prepare_queue() -> PrepareQueue:
    return PrepareQueue(settings().prepare_queue_url)


@cache
def schedules() -> DynamoSchedules:
    return DynamoSchedules(settings().table, dynamodb())


@cache
def timer() -> EventScheduler:
    return EventScheduler(Target.of(settings()))


def scheduler() -> Scheduler:
    return Scheduler(schedules(), timer(), settings())


def timed_calls() -> TimedCalls:
    return TimedCalls(schedules(), records(), timer(), settings())


@cache
def campaigns() -> DynamoCampaigns:
    return DynamoCampaigns(settings().table, dynamodb())


def campaigner() -> Campaigner:
    return Campaigner(campaigns(), settings())


def previewer() -> Previewer:
    return Previewer(campaigns(), ledger(), do_not_call(), settings())


def campaign_dialing() -> CampaignDialing:
    queue = dial_queue(settings().campaign_queue_url)
    return CampaignDialing(campaigns(), records(), ledger(), do_not_call(), queue, settings())


@cache
def dial_queue(url: str) -> DialQueue:
    return DialQueue(url)


@cache
def secrets() -> ParameterStore:
    return ParameterStore(settings().secrets_prefix)


@cache
def recordings() -> RecordingStore:
    return RecordingStore(settings().recordings_bucket)


@cache
def event_bus() -> EventBus:
    return EventBus(settings().event_bus)


@cache
def delivery_queue(arn: str) -> DeliveryQueue:
    return DeliveryQueue(arn)


@cache
def guarded_http() -> "GuardedHttp":
    from calls.adapters.guarded_http import GuardedHttp  # here: httpx is for those who need it

    return GuardedHttp(seconds=8)


@cache
def debriefer() -> "Debriefer":
    from calls.adapters.llm_completion import LlmCompletion  # here: see guarded_http
    from calls.debrief import Debriefer  # and jsonschema

    return Debriefer(records(), LlmCompletion(settings(), secrets()))


@cache
def _telephony(account_sid: str, auth_token: str) -> TwilioTelephony:
    return TwilioTelephony(account_sid, auth_token, settings().twilio_api_base_url)


def telephony() -> TwilioTelephony:
    """Twilio with the credentials of now: a rotated token makes another client."""
    return _telephony(secrets().get("twilio/account-sid"), secrets().get("twilio/auth-token"))


def receiver() -> Receiver:
    """Takes calls to our own numbers."""
    return Receiver(records(), ledger(), settings())


def dialer() -> Dialer:
    """Whoever asks for a single call and would wait, waits among the timed ones."""
    queue = dial_queue(settings().timed_queue_url)
    return Dialer(
        records(), ledger(), do_not_call(), telephony(), queue, settings(),
        check_wanted=campaign_dialing().check_wanted,
    )  # fmt: skip
