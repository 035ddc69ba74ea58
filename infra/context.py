"""What ``cdk.json`` and ``-c`` say about a deployment, checked before anything is built."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from pydantic import ValidationError
from pydantic_settings import PydanticBaseSettingsSource

from calls.settings import Settings

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
class Context:
    """One deployment's choices.

    Attributes:
        env: the environment's name, part of every resource's name.
        arch: of functions and tasks.
        python: the functions' runtime, ``"3.13"``.
        recordings_days: how long S3 keeps a recording.
        checked: whether cdk-nag looks at the stack; ``-c checks=off`` saves a second.
        settings: environment variables for the deployed code, by name.
    """

    env: str
    arch: Arch
    python: str
    recordings_days: int
    checked: bool
    settings: Mapping[str, str]

    @property
    def production(self) -> bool:
        """Whether data outlives the stack."""
        return self.env == PRODUCTION

    @property
    def name(self) -> str:
        """The prefix of resource names, ``dialout-<env>``."""
        return f"dialout-{self.env}"

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
        days = str(given.get("recordings_days", 90))
        if not days.isdecimal() or int(days) < 1:
            raise ContextError(f"-c recordings_days={days}: it is a number of days")
        return cls(
            env=env,
            arch=cast("Arch", arch),
            python=python,
            recordings_days=int(days),
            checked=given.get("checks", "on") != "off",
            settings=_settings(env, given),
        )


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
