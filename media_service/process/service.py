"""The media service, put together and served."""

import argparse
import asyncio
import os
from collections.abc import Callable

import uvloop

from calls import agents
from calls.adapters.dynamodb import DynamoCallRecords
from calls.adapters.dynamodb_do_not_call import DynamoDoNotCall
from calls.adapters.dynamodb_greetings import DynamoGreetings
from calls.adapters.dynamodb_ledger import DynamoLedger
from calls.adapters.dynamodb_schedules import DynamoSchedules
from calls.adapters.event_scheduler import EventScheduler, Target
from calls.adapters.guarded_http import GuardedHttp
from calls.adapters.parameters import ParameterStore
from calls.adapters.prepare_queue import PrepareQueue
from calls.adapters.twilio_signature import is_twilios
from calls.adapters.twilio_telephony import TwilioTelephony
from calls.ports import Secrets
from calls.scheduling import Scheduler
from calls.settings import Settings, settings
from media_service.listening import models
from media_service.process import heap, log, metrics
from media_service.process.app import create_app
from media_service.process.heartbeat import Heartbeat
from media_service.process.live_calls import LiveCalls
from media_service.process.server import Server
from media_service.process.task_metadata import TaskMetadata
from media_service.process.warm_up import warm_up
from media_service.signed_http import SignedHttp
from media_service.speaking.preparer import Preparer
from media_service.speaking.preparing import Preparing
from media_service.vendors import Vendors
from media_service.world import World

Compose = Callable[[Settings, Secrets], World]


def compose(chosen: Settings, secrets: Secrets) -> World:
    """All that calls share, as AWS and the vendors have it."""
    vendors = Vendors(chosen, secrets)
    return World(
        settings=chosen,
        records=DynamoCallRecords(chosen.table),
        telephony=TwilioTelephony(
            secrets.get("twilio/account-sid"),
            secrets.get("twilio/auth-token"),
            chosen.twilio_api_base_url,
        ),
        vendors=vendors,
        models=models.load(),
        greetings=DynamoGreetings(chosen.table),
        do_not_call=DynamoDoNotCall(chosen.table),
        http=SignedHttp(secrets, GuardedHttp(tls=vendors.tls)),
        scheduler=Scheduler(
            DynamoSchedules(chosen.table), EventScheduler(Target.of(chosen)), chosen
        ),
    )


async def serve(host: str, port: int, compose: Compose = compose) -> None:
    """Load all that calls share, then serve until a signal."""
    chosen = settings()
    secrets = ParameterStore(chosen.secrets_prefix)
    world = compose(chosen, secrets)
    world.vendors.warm(agents.load(name) for name in agents.names())
    heap.keep()
    await warm_up(world)
    heap.settle()
    live = LiveCalls()
    heartbeat = Heartbeat(DynamoLedger(chosen.table), live, chosen.seats_per_task)
    app = create_app(world, secrets, is_twilios, live)
    telling = asyncio.create_task(
        metrics.report(chosen.env, chosen.seats_per_task, live, world.latencies)
    )
    tending = asyncio.create_task(heap.tend(live), name="heap")
    try:
        await Server(app, live, heartbeat, host, port, _preparer(world), _task_metadata()).serve()
    finally:
        telling.cancel()
        tending.cancel()


def _preparer(world: World) -> Preparer | None:
    """What prepares calls; nothing, where there is no queue of them."""
    url = world.settings.prepare_queue_url
    if not url:
        return None
    return Preparer(PrepareQueue(url), Preparing(world).prepare)


def _task_metadata() -> TaskMetadata | None:
    """The task's; None outside ECS, which names its address."""
    url = os.environ.get("ECS_CONTAINER_METADATA_URI_V4")
    return TaskMetadata(url) if url else None


def main(compose: Compose = compose) -> None:
    """The command, with what it puts together."""
    parser = argparse.ArgumentParser(prog="python -m media_service", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    given = parser.parse_args()
    log.configure()
    heap.one_arena()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(given.host, given.port, compose))
