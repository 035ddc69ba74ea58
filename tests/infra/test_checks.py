"""The two checkers of templates, and that they check."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App, Stack, Validations
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template
from cdk_nag import AwsSolutionsChecks

from infra.context import Context
from infra.function_bundle import FunctionBundle
from infra.stack import DialoutStack
from tests.infra.conftest import IMAGE

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/own"


@pytest.mark.parametrize(
    "given",
    [
        {"env": "dev"},
        {"env": "dev", "image": ""},
        {"env": "prod", "alarm_email": "duty@example.com", "nat": "true"},
        {
            "env": "prod",
            "domain": "media.example.com",
            "certificate": CERTIFICATE,
            "api_domain": "api.example.com",
            "api_certificate": CERTIFICATE,
        },
    ],
    ids=["dev", "image to be built", "prod", "own domain"],
)
def test_cdk_nag_finds_nothing_that_is_not_explained(tmp_path: Path, given: dict[str, str]) -> None:
    app = App(outdir=str(tmp_path), context={"aws:cdk:bundling-stacks": []})
    context = Context.of({"image": IMAGE, **given})
    DialoutStack(app, context, FunctionBundle(context.arch, context.python).code())
    _check(app)


def test_cdk_nag_finds_what_is_not_explained(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    s3.Bucket(Stack(app, "Bare"), "Bucket")
    with pytest.raises(RuntimeError, match="AwsSolutions-S1"):
        _check(app)


@pytest.mark.timeout(120)
def test_cfn_lint_finds_nothing(
    tmp_path: Path, dev: Template, prod: Template, own_domain: Template
) -> None:
    files = []
    for name, template in (("dev", dev), ("prod", prod), ("own", own_domain)):
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(template.to_json()))
        files.append(str(file))
    lint = [
        str(Path(sys.executable).with_name("cfn-lint")),
        *("--ignore-checks", "W3005"),  # CDK names dependencies that a GetAtt implies already.
        *("--", *files),
    ]
    done = subprocess.run(lint, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _check(app: App) -> None:
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()
