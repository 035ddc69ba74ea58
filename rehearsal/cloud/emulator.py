"""The local cloud's own process: MiniStack with what it lacks for this project's stack.

``.rehearsal/cloud/bin/python rehearsal/cloud/emulator.py PORT`` listens on 127.0.0.1 until it is
ended or its standard input closes, so that it cannot outlive whoever started it. It imports
nothing of the project. The patches fit the pinned version; another one has to be proved again.
"""

import hashlib
import json
import os
import re
import sys
import tempfile
import threading
import uuid
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

ENVIRONMENT = {
    "BIND_HOST": "127.0.0.1",
    # In the addresses of queues: "localhost" may mean ::1, where nobody listens.
    "MINISTACK_HOST": "127.0.0.1",
    "LAMBDA_EXECUTOR": "local",
    # A function that was warmed stays warm for a whole session.
    "LAMBDA_WARM_TTL_SECONDS": "86400",
    # Servers that nobody here asks for, and seconds of imports each.
    "SFTP_ENABLED": "0",
    "IOT_MTLS_ENABLED": "0",
    "LOG_LEVEL": "INFO",
}

# CloudFormation types that MiniStack does not know and whose effect nothing on a laptop needs.
WITHOUT_EFFECT = (
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudFront::VpcOrigin",
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::NatGateway",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    # Answered here, as CDK's function for it needs the AWS SDK that Lambda's Node.js brings.
    "Custom::PrefixList",
)

# What templates ask of these types by Fn::GetAtt.
_ATTRIBUTES = {"PublicIp": "127.0.0.1", "PrefixLists.0.PrefixListId": "pl-3b927c52"}


def module(name: str) -> Any:
    """A module of MiniStack, which is not installed where this file is type-checked."""
    return import_module(f"ministack.{name}")


def accept_types_without_effect() -> None:
    """Let a stack with types that MiniStack does not know be made."""
    handlers = module("services.cloudformation.provisioners")._RESOURCE_HANDLERS
    for resource_type in WITHOUT_EFFECT:
        handlers.setdefault(
            resource_type,
            {"create": _create_nothing, "update": _update_nothing, "delete": _delete_nothing},
        )


def _create_nothing(logical_id: str, _props: Any, stack: str) -> tuple[str, dict[str, str]]:
    made = f"{stack}-{logical_id}"
    return made, {"Id": made, "AllocationId": made, "NatGatewayId": made, **_ATTRIBUTES}


def _update_nothing(made: str, *_: Any, **__: Any) -> tuple[str, dict[str, str]]:
    return made, {"Id": made, "AllocationId": made, "NatGatewayId": made, **_ATTRIBUTES}


def _delete_nothing(*_: Any, **__: Any) -> None:
    return None


def honour_cors() -> None:
    """Read an HTTP API's CORS configuration of a template: MiniStack knows the API's names alone,
    which begin with small letters."""
    handlers = module("services.cloudformation.provisioners")._RESOURCE_HANDLERS
    api = handlers["AWS::ApiGatewayV2::Api"]

    def renamed(given: Any) -> Any:
        if not isinstance(given, dict) or not given.get("CorsConfiguration"):
            return given
        names = given["CorsConfiguration"].items()
        small = {name[0].lower() + name[1:]: value for name, value in names}
        return {**given, "CorsConfiguration": small}

    def reading(handle: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **more: handle(*map(renamed, args), **more)

    api["create"], api["update"] = reading(api["create"]), reading(api["update"])


def accept_metric_math() -> None:
    """Store an alarm over several metrics as one that never fires, instead of refusing it."""
    provisioners = module("services.cloudformation.provisioners")
    record = provisioners._cw_metric_alarm_record

    def accepting(name: str, props: dict[str, Any]) -> Any:
        if props.get("Metrics"):
            single = {key: value for key, value in props.items() if key != "Metrics"}
            props = {**single, "MetricName": name, "Namespace": "MetricMath"}
        return record(name, props)

    provisioners._cw_metric_alarm_record = accepting


def fill_scheduler_placeholders() -> None:
    """Give a schedule's target its execution id: MiniStack sends the placeholder itself."""
    eventbridge, scheduler = module("services.eventbridge"), module("services.scheduler")
    invoke = eventbridge._invoke_target

    def due(rule: dict[str, Any]) -> str:
        # Of what recurs, the tick's own moment: at most a second later.
        at = scheduler._at_time_epoch(rule["ScheduleExpression"])
        moment = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def filling(target: dict[str, Any], event: dict[str, Any], rule: Any, *rest: Any) -> Any:
        if event.get("Source") == "aws.scheduler" and target.get("Input"):
            values = {
                "execution-id": str(uuid.uuid4()),
                "schedule-arn": event["Resources"][0],
                "scheduled-time": due(rule),
                "attempt-number": "1",
            }
            text = re.sub(
                r"<aws\.scheduler\.([a-z-]+)>",
                lambda placeholder: values.get(placeholder[1], placeholder[0]),
                target["Input"],
            )
            target = {**target, "Input": text}
        return invoke(target, event, rule, *rest)

    eventbridge._invoke_target = filling


class ZonedExpression(str):
    """A schedule's expression that knows its time zone."""

    zone: ZoneInfo


class ZonedFields(tuple[Any, ...]):
    """A parsed ``cron()`` that knows its time zone."""

    zone: ZoneInfo


def honour_time_zones() -> None:
    """Read ``at()`` and ``cron()`` in the schedule's zone: MiniStack takes all of them as UTC.

    Its ticker hands only the expression on, so the zone travels in it.
    """
    scheduler, eventbridge = module("services.scheduler"), module("services.eventbridge")
    at, parse, following = (
        scheduler._at_time_epoch,
        eventbridge._parse_cron_fields,
        eventbridge._cron_next_fire,
    )

    def storing(store: Callable[..., Any]) -> Callable[..., Any]:
        def zoned(name: str, body: dict[str, Any]) -> Any:
            answer = store(name, body)
            kept = scheduler._schedules.get(f"{body.get('GroupName', 'default')}/{name}")
            if kept:
                expression = ZonedExpression(kept["ScheduleExpression"])
                expression.zone = ZoneInfo(kept.get("ScheduleExpressionTimezone") or "UTC")
                kept["ScheduleExpression"] = expression
            return answer

        return zoned

    def zoned_at(expression: str) -> Any:
        epoch = at(expression)
        if epoch is None or not isinstance(expression, ZonedExpression):
            return epoch
        wall = datetime.fromtimestamp(epoch, UTC).replace(tzinfo=expression.zone)
        return wall.timestamp()

    def zoned_parse(expression: str) -> Any:
        fields = parse(expression)
        if fields is None or not isinstance(expression, ZonedExpression):
            return fields
        zoned = ZonedFields(fields)
        zoned.zone = expression.zone
        return zoned

    def zoned_following(fields: Any, after: datetime) -> Any:
        zone = getattr(fields, "zone", UTC)
        return following(fields, after.astimezone(zone))

    scheduler._create_schedule = storing(scheduler._create_schedule)
    scheduler._update_schedule = storing(scheduler._update_schedule)
    scheduler._at_time_epoch = zoned_at
    eventbridge._parse_cron_fields = zoned_parse
    eventbridge._cron_next_fire = zoned_following


def tick_every_second() -> None:
    """Fire schedules within a second of their time instead of ten."""
    module("services.scheduler")._SCHEDULE_TICK_INTERVAL = 1
    module("services.eventbridge")._SCHEDULER_TICK_INTERVAL = 1


def answer_without_waiting_for_logs() -> None:
    """Wait 2 ms, not 50, for the log of a function that logs nothing: callers measure latency."""
    worker = module("core.lambda_runtime").Worker
    worker._drain_stderr_bounded.__defaults__ = (0.002, 0.002, 0.25)


def tell_logs_when_asked() -> None:
    """Hand on what a function logged after its answer was taken, when its log is read; MiniStack
    does so with the function's next answer."""
    app, runtime, lambdas = (
        module("app"),
        module("core.lambda_runtime"),
        module("services.lambda_svc"),
    )
    handle = app.SERVICE_HANDLERS["logs"]

    async def handled(*request: Any) -> Any:
        for worker in [each for workers in list(runtime._workers.values()) for each in workers]:
            if text := worker._drain_stderr():
                lambdas._emit_lambda_logs({"config": worker.config}, "none", text, False, 0)
        return await handle(*request)

    app.SERVICE_HANDLERS["logs"] = handled


def unpack_code_once() -> None:
    """Share one unpacked copy of a zip between workers: unpacking is most of a cold start."""
    lock = threading.Lock()
    shared = Path(tempfile.mkdtemp(prefix="ministack-code-"))

    class SharedZip(zipfile.ZipFile):
        def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
            target = Path(path or ".")
            if target.name != "code" or not self.filename:
                super().extractall(path, members, pwd)
                return
            unpacked = shared / hashlib.sha256(Path(self.filename).read_bytes()).hexdigest()
            with lock:
                if not unpacked.exists():
                    part = unpacked.with_suffix(".part")
                    super().extractall(part)
                    part.rename(unpacked)
            target.rmdir()
            target.symlink_to(unpacked)
            Path(self.filename).unlink()  # 20 MB a worker

    module("core.lambda_runtime").zipfile = SimpleNamespace(
        **{**vars(zipfile), "ZipFile": SharedZip}
    )


class Fault:
    """A service that fails a share of what is asked of it: 1 is all, 0.25 each fourth request."""

    def __init__(self, share: float) -> None:
        if not 0 < share <= 1:
            raise ValueError("share is more than 0 and at most 1")
        self.share = share
        self._due = 0.0

    def strikes(self) -> bool:
        """Whether this request fails. Evenly, not by chance: a rehearsal comes out as the last."""
        self._due += self.share
        if self._due < 1 - 1e-9:
            return False
        self._due -= 1
        return True


def _throttled(operation: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """What DynamoDB answers above its capacity. A transaction says so item by item, and the SDK
    does not repeat that by itself."""
    if not operation.endswith("TransactWriteItems"):
        return 400, {
            "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            "message": "The level of configured provisioned throughput for the table was exceeded.",
        }
    items = len(json.loads(body)["TransactItems"])
    reasons = [{"Code": "None"} for _ in range(items - 1)]
    reasons.insert(0, {"Code": "ThrottlingError", "Message": "Throughput exceeds the limit."})
    return 400, {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": reasons,
    }


def _down(_operation: str, _body: bytes) -> tuple[int, dict[str, Any]]:
    """What Parameter Store answers when something of its own is broken."""
    return 500, {"__type": "InternalServerError", "message": "An error occurred on the server side"}


FAILURES = {"dynamodb": _throttled, "ssm": _down}
_FAULTS_PATH = "/_rehearsal/faults"


def fail_by_order() -> None:
    """``PUT /_rehearsal/faults {"dynamodb": 0.25, "ssm": 1}``: these services fail that share of
    the requests, from now on; ``{}``: all is well again. Nothing of the emulator's own is hit."""
    app = module("app")
    shortcuts = app._handle_post_body_shortcuts
    faults: dict[str, Fault] = {}

    def order(body: bytes) -> tuple[int, dict[str, Any]]:
        try:
            asked = json.loads(body)
            if unknown := set(asked) - set(FAILURES):
                raise ValueError(f"no faults of {', '.join(unknown)}, but of {', '.join(FAILURES)}")
            ordered = {service: Fault(float(share)) for service, share in asked.items()}
        except (TypeError, ValueError) as error:
            return 400, {"error": str(error)}
        faults.clear()
        faults.update(ordered)
        return 200, {service: fault.share for service, fault in faults.items()}

    async def with_orders(
        method: str, path: str, headers: Any, body: bytes, *rest: Any
    ) -> tuple[int, dict[str, str], bytes] | Any:
        if path != _FAULTS_PATH or method != "PUT":
            return await shortcuts(method, path, headers, body, *rest)
        status, answer = order(body)
        return status, {"Content-Type": "application/json"}, json.dumps(answer).encode()

    def failing(service: str, handle: Callable[..., Any]) -> Callable[..., Any]:
        async def handled(
            method: str, path: str, headers: dict[str, str], body: bytes, query: Any
        ) -> Any:
            fault = faults.get(service)
            if fault is None or not fault.strikes():
                return await handle(method, path, headers, body, query)
            status, answer = FAILURES[service](headers.get("x-amz-target", ""), body)
            kind = {"Content-Type": headers.get("content-type", "application/x-amz-json-1.0")}
            return status, kind, json.dumps(answer).encode()

        return handled

    app._handle_post_body_shortcuts = with_orders
    for service in FAILURES:
        app.SERVICE_HANDLERS[service] = failing(service, app.SERVICE_HANDLERS[service])


def end_with_parent() -> None:
    """End when standard input closes, which it does however the parent ends."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    """Patch MiniStack and serve it on the port of the first argument."""
    os.environ.update(ENVIRONMENT, GATEWAY_PORT=sys.argv[1])
    del sys.argv[1:]  # MiniStack reads the rest as its own options.
    end_with_parent()
    for patch in (
        accept_types_without_effect,
        honour_cors,
        accept_metric_math,
        fill_scheduler_placeholders,
        honour_time_zones,
        tick_every_second,
        answer_without_waiting_for_logs,
        tell_logs_when_asked,
        unpack_code_once,
        fail_by_order,
    ):
        patch()
    module("app").main()


if __name__ == "__main__":
    main()
