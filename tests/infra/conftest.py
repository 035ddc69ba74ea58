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


def synthesized(**given: str) -> Template:
    """The template for ``-c`` arguments, without building the zip."""
    # What `-c` adds to `cdk.json`. No stack is bundled: the zip has a test of its own.
    context = {**CDK_JSON["context"], **given, "aws:cdk:bundling-stacks": []}
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
            "set.AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        },
    )


def resources(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """The properties of every resource of a type, by logical id."""
    found = template.find_resources(kind)
    return {name: resource["Properties"] for name, resource in found.items()}
