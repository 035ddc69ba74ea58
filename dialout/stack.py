"""The deployed stack ``Dialout-<env>``, as the command needs it: where it is, how it was set."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from calls.settings import Settings

Aws = Callable[[str], Any]
"""A service's name to its boto3 client."""

# These choose the environment that is looked at, so the environment cannot answer them itself.
_NOT_TAKEN = frozenset({"DIALOUT_ENV", "DIALOUT_PARAMETER_PREFIX"})


class StackMissingError(Exception):
    """There is no such stack in this account and region. The message is what to run."""

    def __init__(self, env: str) -> None:
        self.remedy = f"npx cdk deploy -c env={env} -c set.DIALOUT_DEFAULT_FROM_NUMBER=+1…"
        super().__init__(f"there is no stack {name(env)} in this account and region")


@dataclass(frozen=True)
class Stack:
    """What is deployed."""

    status: str
    """CloudFormation's word, such as ``UPDATE_COMPLETE``."""
    outputs: Mapping[str, str]
    settings: Mapping[str, str] = field(default_factory=dict)
    """What its functions run with, by the settings' environment names; empty if it is not told."""

    def applied(self, env: str) -> Settings:
        """The settings of ``env``: this process's environment, then what the stack runs with.

        The outputs come last; with an own domain, the settings know better where Twilio reaches it.
        """
        known = {
            "DIALOUT_PUBLIC_API_URL": self.outputs.get("ApiUrl", ""),
            "DIALOUT_PUBLIC_WS_URL": self.outputs.get("WsUrl", ""),
            **{name: value for name, value in self.settings.items() if value},
        }
        taken = {
            name: value
            for name, value in known.items()
            if value and not os.environ.get(name) and name not in _NOT_TAKEN
        }
        return Settings(**{**taken, "DIALOUT_ENV": env})  # type: ignore[arg-type]


def name(env: str) -> str:
    """The stack's name."""
    return f"Dialout-{env}"


def read(env: str, aws: Aws) -> Stack:
    """The stack of that environment.

    Raises:
        StackMissingError: it is not there.
        botocore.exceptions.ClientError, BotoCoreError: AWS cannot be asked.
    """
    from botocore.exceptions import ClientError

    try:
        (found,) = aws("cloudformation").describe_stacks(StackName=name(env))["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            raise StackMissingError(env) from error
        raise
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    return Stack(found["StackStatus"], outputs, _settings(env, aws))


def _settings(env: str, aws: Aws) -> Mapping[str, str]:
    from botocore.exceptions import ClientError

    try:
        function = aws("lambda").get_function_configuration(FunctionName=f"dialout-{env}-twiml")
    except ClientError:
        return {}  # Not there yet, or not ours to read: what is set here has to do.
    variables: dict[str, str] = function.get("Environment", {}).get("Variables", {})
    return variables
