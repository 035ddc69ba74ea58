"""AWS: may we in, is the stack there, are the secrets set."""

import asyncio
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)
from pydantic import ValidationError

from calls import keys
from dialout import stack
from dialout.doctor.finding import Finding, fail, ok, warn
from dialout.doctor.patient import Patient
from dialout.parameters import Parameters
from dialout.secrets import GENERATED, wanted

_RIGHTS = "give this AWS identity the right to do that, or use one that has it"


async def credentials(patient: Patient) -> Finding:
    """``sts get-caller-identity``"""
    try:
        identity, region = await asyncio.to_thread(_identity, patient)
    except NoRegionError:
        return fail("no AWS region is chosen", "export AWS_REGION=us-east-1")
    except NoCredentialsError:
        return fail("there are no AWS credentials", "aws configure   # or: aws sso login")
    except EndpointConnectionError as error:
        where = str(error.kwargs.get("endpoint_url"))
        return fail(
            f"AWS cannot be reached at {where}", "check the connection, and AWS_ENDPOINT_URL"
        )
    except ClientError as error:
        return fail(
            f"AWS refuses these credentials ({_code(error)})",
            "aws sts get-caller-identity   # until it answers; check the clock too",
        )
    except BotoCoreError as error:
        return fail(f"AWS cannot be used: {error}", "aws sts get-caller-identity")
    return ok(f"account {identity['Account']}, {region}")


def _identity(patient: Patient) -> tuple[Any, str]:
    sts = patient.aws("sts")
    return sts.get_caller_identity(), sts.meta.region_name


async def deployed(patient: Patient) -> Finding:
    """CloudFormation's stack, its outputs and its functions' settings"""
    try:
        found = await asyncio.to_thread(stack.read, patient.env, patient.aws)
    except stack.StackMissingError as error:
        return fail(str(error), error.remedy)
    except (ClientError, BotoCoreError) as error:
        return fail(f"CloudFormation does not tell ({_code(error)})", _RIGHTS)
    patient.settings = found.applied(patient.env)
    patient.deployed_api_url = found.settings.get("DIALOUT_PUBLIC_API_URL", "").rstrip("/")
    name, deploy = stack.name(patient.env), f"npx cdk deploy -c env={patient.env}"
    if found.status.endswith("_IN_PROGRESS"):
        return warn(f"{name} is being changed ({found.status})", patient.command("doctor"))
    if "FAILED" in found.status or found.status == "ROLLBACK_COMPLETE":
        return fail(f"the last deployment of {name} went wrong ({found.status})", deploy)
    if "ApiUrl" not in found.outputs:
        return fail(f"{name} has no output ApiUrl; it is another version's", deploy)
    return ok(f"{name} is deployed")


async def secrets(patient: Patient) -> Finding:
    """The parameters under the prefix"""
    try:
        patient.secrets = await asyncio.to_thread(
            lambda: Parameters(patient.env, patient.aws("ssm")).read()
        )
    except (ClientError, BotoCoreError) as error:
        return fail(f"SSM does not show the secrets ({_code(error)})", _RIGHTS)
    prefix = patient.settings.secrets_prefix
    given = wanted()
    missing = [name for name in [*given, *GENERATED] if not patient.secrets.get(name)]
    if missing:
        which = "" if len(missing) == len(given) + len(GENERATED) else f" {' '.join(missing)}"
        return fail(
            f"missing under {prefix}: {', '.join(missing)}", patient.command(f"secrets set{which}")
        )
    spaced = [name for name in given if patient.secrets[name] != patient.secrets[name].strip()]
    if spaced:
        return fail(
            f"there are spaces around {', '.join(spaced)}",
            patient.command(f"secrets set {' '.join(spaced)}"),
        )
    return _api_keys(patient)


def _api_keys(patient: Patient) -> Finding:
    try:
        made = keys.parse(patient.secrets.get("api-keys", "[]"))
    except ValidationError:
        return fail("the secret api-keys cannot be read", patient.command("keys add NAME"))
    if not made:
        return fail("nobody may use the API yet: no key was made", patient.command("keys add NAME"))
    return ok(f"all set; API keys: {', '.join(key.name for key in made)}")


def _code(error: ClientError | BotoCoreError) -> str:
    if isinstance(error, ClientError):
        return str(error.response["Error"]["Code"])
    return type(error).__name__
