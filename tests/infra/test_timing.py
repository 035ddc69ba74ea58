"""Who may schedule calls."""

import json
from typing import Any

from aws_cdk.assertions import Template

from tests.infra.conftest import functions, listed, resources, statements

MAKE = {"scheduler:CreateSchedule", "scheduler:UpdateSchedule", "scheduler:DeleteSchedule"}


def _granted(template: Template, role: str, service: str) -> dict[str, dict[str, Any]]:
    """The statements of a role that name a service's actions, by action."""
    return {
        action: statement
        for statement in statements(template, role)
        for action in listed(statement["Action"])
        if action.startswith(f"{service}:")
    }


def _role_of(template: Template, module: str) -> str:
    role: str = functions(template)[f"functions.{module}.handler"]["Role"]["Fn::GetAtt"][0]
    return role


def _task_role(template: Template) -> str:
    (task,) = resources(template, "AWS::ECS::TaskDefinition").values()
    role: str = task["TaskRoleArn"]["Fn::GetAtt"][0]
    return role


def _schedules_role(template: Template) -> str:
    (role,) = (
        name
        for name, each in resources(template, "AWS::IAM::Role").items()
        if "scheduler.amazonaws.com" in json.dumps(each["AssumeRolePolicyDocument"])
    )
    return role


def test_the_api_and_the_agents_schedule_calls_in_this_group_alone(dev: Template) -> None:
    for role in (_role_of(dev, "schedules"), _task_role(dev)):
        granted = _granted(dev, role, "scheduler")
        assert set(granted) == MAKE
        for statement in granted.values():
            assert json.dumps(statement["Resource"]).endswith(':schedule/dialout-dev/*"]]}')
        passing = _granted(dev, role, "iam")["iam:PassRole"]
        assert passing["Resource"] == {"Fn::GetAtt": [_schedules_role(dev), "Arn"]}
        assert passing["Condition"] == {
            "StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}
        }


def test_the_dialer_may_only_take_back_what_is_over(dev: Template) -> None:
    dialer = _role_of(dev, "dialer")
    assert set(_granted(dev, dialer, "scheduler")) == {"scheduler:DeleteSchedule"}
    assert _granted(dev, dialer, "iam") == {}
