"""The stack as CloudFormation gets it, synthesized once for each kind of environment."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from infra.context import Context
from infra.function_bundle import FunctionBundle
from infra.stack import DialoutStack

CDK_JSON = json.loads((Path(__file__).parents[2] / "cdk.json").read_text())


IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/media:1"


def synthesized(**given: str) -> Template:
    """The template for ``-c`` arguments, without building the zip or an image."""
    # What `-c` adds to `cdk.json`. No stack is bundled: the zip has a test of its own.
    context = {**CDK_JSON["context"], "image": IMAGE, **given}
    context["aws:cdk:bundling-stacks"] = []
    app = App(context=context)
    chosen = Context.of(app.node.get_all_context())
    code = FunctionBundle(chosen.arch, chosen.python).code()
    return Template.from_stack(DialoutStack(app, chosen, code))


@pytest.fixture(scope="session")
def dev() -> Template:
    """``cdk deploy``."""
    return synthesized()


@pytest.fixture(scope="session")
def prod() -> Template:
    """``cdk deploy -c env=prod``, with settings."""
    return synthesized(
        env="prod",
        arch="x86_64",
        python="3.11",
        recordings_days="30",
        **{
            "set.DIALOUT_SEATS_PER_TASK": "20",
            "set.DIALOUT_PUBLIC_API_URL": "https://calls.example.com",
            "set.DIALOUT_PUBLIC_WS_URL": "wss://calls.example.com/ws",
            "set.AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        },
    )


@pytest.fixture(scope="session")
def own_domain() -> Template:
    """``cdk deploy -c env=prod -c domain=… -c certificate=…``, and the other switches."""
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/own"
    return synthesized(
        env="prod",
        domain="media.example.com",
        certificate=certificate,
        api_domain="api.example.com",
        api_certificate=certificate,
        nat="true",
        reserved="on",
        alarm_email="duty@example.com",
        scheduled_minimums=json.dumps(
            [{"schedule": "cron(50 7 ? * MON-FRI *)", "tasks": 5, "time_zone": "Europe/Berlin"}]
        ),
    )


def functions(template: Template) -> dict[str, dict[str, Any]]:
    """The product's own functions by handler; CDK adds one that looks CloudFront's list up."""
    found = resources(template, "AWS::Lambda::Function").values()
    return {each["Handler"]: each for each in found if each["Handler"].startswith("functions.")}


def statements(template: Template, role: str) -> list[dict[str, Any]]:
    """What the role with this logical id may do."""
    return [
        statement
        for policy in resources(template, "AWS::IAM::Policy").values()
        if {"Ref": role} in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def listed(value: Any) -> list[Any]:
    """What a policy has one or several of, as a list."""
    return value if isinstance(value, list) else [value]


def resources(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """The properties of every resource of a type, by logical id."""
    found = template.find_resources(kind)
    return {name: resource["Properties"] for name, resource in found.items()}
