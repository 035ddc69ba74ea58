"""What ``cdk.json`` and ``-c`` say about a deployment, checked before anything is built."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from pydantic import ValidationError
from pydantic_settings import PydanticBaseSettingsSource

from calls.settings import Settings
from infra.scheduled_minimum import ScheduledMinimum
from infra.task_size import TooManySeatsError, task_size

Arch = Literal["arm64", "x86_64"]

PRODUCTION = "prod"

# Read by the SDK and by Powertools; `-c set.NAME=` may give them beside the product's settings.
FOREIGN_SETTINGS = frozenset({"AWS_ENDPOINT_URL", "POWERTOOLS_LOG_LEVEL"})

# What only the stack can know; a value from outside would point the functions at something else.
STACK_SETTINGS = frozenset(
    {
        "DIALOUT_ENV",
        "DIALOUT_TABLE",
        "DIALOUT_RECORDINGS_BUCKET",
        "DIALOUT_PREPARE_QUEUE_URL",
        "DIALOUT_TIMED_QUEUE_URL",
        "DIALOUT_CAMPAIGN_QUEUE_URL",
        "DIALOUT_TIMED_QUEUE_ARN",
        "DIALOUT_SCHEDULE_GROUP",
        "DIALOUT_SCHEDULE_ROLE_ARN",
        "DIALOUT_SCHEDULE_DEAD_LETTERS_ARN",
        "DIALOUT_EVENT_BUS",
        "DIALOUT_PARAMETER_PREFIX",
    }
)


class ContextError(ValueError):
    """``cdk.json`` or a ``-c`` asks for something that does not exist or is not allowed."""


class _GivenSettings(Settings):
    """The product's settings from the arguments alone: the deployer's shell has no say in them."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[Any],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


@dataclass(frozen=True)
class OwnDomain:
    """A name of the user's own, and the ACM certificate that covers it."""

    name: str
    certificate: str


@dataclass(frozen=True)
class Context:
    """One deployment's choices.

    Attributes:
        env: the environment's name, part of every resource's name.
        arch: of functions and tasks.
        python: the functions' runtime, ``"3.13"``.
        recordings_days: how long S3 keeps a recording.
        checked: whether cdk-nag looks at the stack; ``-c checks=off`` saves a second.
        settings: environment variables for the deployed code, by name.
        image: the media service's, ready to be pulled; None: it is built from the repository.
        nat: whether tasks have private addresses alone and reach the world through NAT.
        domain: where Twilio reaches the media service; None: at CloudFront's own name.
        api_domain: where the API is reached; None: at API Gateway's own name.
        min_tasks: so many media tasks run at least.
        max_tasks: and so many at most.
        scheduled_minimums: other minimums, from a time of the week on.
        reserved: whether functions have bounds of their own; see `product_function.RESERVED`.
        alarm_email: who is written to when an alarm fires; None: nobody.
    """

    env: str
    arch: Arch
    python: str
    recordings_days: int
    checked: bool
    settings: Mapping[str, str]
    image: str | None
    nat: bool
    domain: OwnDomain | None
    api_domain: OwnDomain | None
    min_tasks: int
    max_tasks: int
    scheduled_minimums: tuple[ScheduledMinimum, ...]
    reserved: bool
    alarm_email: str | None

    @property
    def production(self) -> bool:
        """Whether data outlives the stack."""
        return self.env == PRODUCTION

    @property
    def name(self) -> str:
        """The prefix of resource names, ``dialout-<env>``."""
        return f"dialout-{self.env}"

    @property
    def seats_per_task(self) -> int:
        """How many calls one media task carries."""
        return _seats(self.settings)

    @property
    def calls_per_second(self) -> float:
        """How many calls may be placed in a second."""
        default = Settings.model_fields["calls_per_second"].default
        return float(self.settings.get("DIALOUT_CALLS_PER_SECOND", default))

    @property
    def console_origins(self) -> list[str]:
        """The web pages' origins that browsers may use the API from."""
        default = Settings.model_fields["console_origins"].default
        chosen = str(self.settings.get("DIALOUT_CONSOLE_ORIGINS", default))
        return [origin for origin in chosen.split(",") if origin]

    @property
    def parameter_prefix(self) -> str:
        """The SSM path of the secrets, without a trailing slash."""
        return f"/dialout/{self.env}"

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Context":
        """Read the CDK context ``given``.

        Raises:
            ContextError: an unknown setting, or a value that its setting does not take.
        """
        env = str(given.get("env", "dev"))
        arch = str(given.get("arch", "arm64"))
        if arch not in get_args(Arch):
            raise ContextError(f"-c arch={arch}: it is arm64 or x86_64")
        python = str(given.get("python", "3.13"))
        if not re.fullmatch(r"3\.\d{2}", python):
            raise ContextError(f"-c python={python}: it is a version such as 3.13")
        # With a single task, one that dies leaves its calls to nobody.
        fewest = 2 if env == PRODUCTION else 1
        least = _count(given, "min_tasks", fewest)
        if least < fewest:
            raise ContextError(f"-c min_tasks={least}: in production at least {fewest} tasks run")
        most = _count(given, "max_tasks", max(10, least))
        if most < least:
            raise ContextError(f"-c max_tasks={most}: it is less than min_tasks, {least}")
        settings = _settings(env, given)
        _sized(settings)
        return cls(
            env=env,
            arch=cast("Arch", arch),
            python=python,
            recordings_days=_count(given, "recordings_days", 90),
            checked=_switch(given, "checks", default=True),
            settings=settings,
            image=_text(given, "image"),
            nat=_switch(given, "nat", default=False),
            domain=_own_domain(given, "domain", "certificate"),
            api_domain=_own_domain(given, "api_domain", "api_certificate"),
            min_tasks=least,
            max_tasks=most,
            scheduled_minimums=_scheduled_minimums(given, fewest, most),
            reserved=_switch(given, "reserved", default=False),
            alarm_email=_text(given, "alarm_email"),
        )


def _seats(settings: Mapping[str, str]) -> int:
    default = Settings.model_fields["seats_per_task"].default
    return int(settings.get("DIALOUT_SEATS_PER_TASK", default))


def _sized(settings: Mapping[str, str]) -> None:
    """Refuse seats that no task can have."""
    try:
        task_size(_seats(settings))
    except TooManySeatsError as error:
        raise ContextError(str(error)) from None


def _text(given: Mapping[str, Any], name: str) -> str | None:
    return str(given[name]).strip() or None if given.get(name) is not None else None


def _count(given: Mapping[str, Any], name: str, default: int) -> int:
    value = str(given.get(name, default))
    if not value.isdecimal() or int(value) < 1:
        raise ContextError(f"-c {name}={value}: it is a whole number from 1 on")
    return int(value)


def _switch(given: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """On or off; the command line's are strings, ``cdk.json``'s may be booleans."""
    value = str(given.get(name, default)).lower()
    if value in ("on", "true"):
        return True
    if value in ("off", "false"):
        return False
    raise ContextError(f"-c {name}={value}: it is on or off")


def _own_domain(given: Mapping[str, Any], domain: str, certificate: str) -> OwnDomain | None:
    name, arn = _text(given, domain), _text(given, certificate)
    if name is None and arn is None:
        return None
    if name is None or not re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", name):
        raise ContextError(f"-c {domain}={name}: it is a name such as calls.example.com")
    if arn is None or not arn.startswith("arn:"):
        raise ContextError(f"-c {certificate}={arn}: {domain} needs the ARN of its certificate")
    return OwnDomain(name, arn)


def _scheduled_minimums(
    given: Mapping[str, Any], fewest: int, most: int
) -> tuple[ScheduledMinimum, ...]:
    try:
        minimums = ScheduledMinimum.listed(given.get("scheduled_minimums") or [])
    except ValueError as error:
        raise ContextError(f"scheduled_minimums: {error}") from None
    for minimum in minimums:
        if minimum.tasks > most:
            raise ContextError(f"scheduled_minimums: {minimum.tasks} is more than max_tasks")
        if minimum.tasks < fewest:
            raise ContextError(
                f"scheduled_minimums: {minimum.tasks}: in production at least {fewest} tasks run"
            )
    return minimums


def _settings(env: str, given: Mapping[str, Any]) -> dict[str, str]:
    """``environments.<env>`` overridden by ``set.NAME``, checked by the product's own rules."""
    chosen = {name: str(value) for name, value in _environment(env, given).items()}
    for key, value in given.items():
        if key.startswith("set."):
            chosen[key.removeprefix("set.")] = str(value)
    known = {str(field.alias) for field in Settings.model_fields.values()} | FOREIGN_SETTINGS
    for name in chosen:
        if name in STACK_SETTINGS:
            raise ContextError(f"{name}: the stack itself sets it; choose with -c env=")
        if name not in known:
            choices = ", ".join(sorted(known - STACK_SETTINGS))
            raise ContextError(f"{name}: no such setting. There are: {choices}")
    try:
        _GivenSettings(**{"DIALOUT_ENV": env, **chosen})  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = "; ".join(f"{e['loc'][0]}={e['input']!r}: {e['msg']}" for e in error.errors())
        raise ContextError(wrong) from None
    return chosen


def _environment(env: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The context value ``environments.<env>``; an environment need not be listed there."""
    listed = given.get("environments") or {}
    values = listed.get(env) or {} if isinstance(listed, Mapping) else None
    if not isinstance(values, Mapping):
        raise ContextError(f"cdk.json: environments.{env} is an object of settings")
    return values
