"""The media service's tasks: how they run, end, scale, and what they may do."""

import json
from typing import Any

import pytest
from aws_cdk.assertions import Template

from infra.task_size import TaskSize, TooManySeatsError, task_size
from tests.infra.conftest import IMAGE, listed, resources, statements, synthesized
from tests.infra.test_functions import ITEMS, LOGS, SCHEDULING, SECRETS, expected_settings

SERVICE = "AWS::ECS::Service"
TASK = "AWS::ECS::TaskDefinition"


def _container(template: Template) -> dict[str, Any]:
    (task,) = resources(template, TASK).values()
    (container,) = task["ContainerDefinitions"]
    found: dict[str, Any] = container
    return found


def test_the_container_is_told_what_functions_are_told(dev: Template) -> None:
    told = {each["Name"]: each["Value"] for each in _container(dev)["Environment"]}
    assert told == expected_settings(dev)


def test_the_container_can_change_nothing_of_itself(dev: Template) -> None:
    container = _container(dev)
    assert container["ReadonlyRootFilesystem"]
    user = container["User"].split(":")[0]
    assert user not in ("", "0", "root")
    assert container["LinuxParameters"]["Capabilities"]["Drop"] == ["ALL"]
    assert not container.get("Privileged")
    # Scratch space, and nothing else.
    assert [mount["ContainerPath"] for mount in container["MountPoints"]] == ["/tmp"]


def test_a_task_has_two_minutes_to_hand_its_calls_over(dev: Template) -> None:
    assert _container(dev)["StopTimeout"] == 120
    (group,) = resources(dev, "AWS::ElasticLoadBalancingV2::TargetGroup").values()
    attributes = {each["Key"]: each["Value"] for each in group["TargetGroupAttributes"]}
    assert attributes["deregistration_delay.timeout_seconds"] == "120"
    # An init passes SIGTERM on to Python, which as process 1 would not get it by default.
    assert _container(dev)["LinuxParameters"]["InitProcessEnabled"]


def test_a_call_finds_another_task_when_its_own_goes(prod: Template) -> None:
    (target,) = resources(prod, "AWS::ApplicationAutoScaling::ScalableTarget").values()
    least = [target["MinCapacity"]]
    least += [
        each["ScalableTargetAction"]["MinCapacity"] for each in target.get("ScheduledActions", [])
    ]
    assert min(least) >= 2
    (service,) = resources(prod, SERVICE).values()
    deployment = service["DeploymentConfiguration"]
    # New ones first: the balancer has somewhere to send a handed over call to.
    assert deployment["MinimumHealthyPercent"] == 100
    assert deployment["MaximumPercent"] == 200
    (group,) = resources(prod, "AWS::ElasticLoadBalancingV2::TargetGroup").values()
    attributes = {each["Key"]: each["Value"] for each in group["TargetGroupAttributes"]}
    # What is longer than ECS gives a container would keep a target whose task is dead.
    assert int(attributes["deregistration_delay.timeout_seconds"]) == 120
    assert _container(prod)["StopTimeout"] == 120
    assert attributes.get("stickiness.enabled", "false") == "false"


def test_only_what_is_alive_is_asked_about_health(dev: Template) -> None:
    (group,) = resources(dev, "AWS::ElasticLoadBalancingV2::TargetGroup").values()
    assert (group["HealthCheckPath"], group["Matcher"]) == ("/healthz", {"HttpCode": "200"})
    assert group["Port"] == _container(dev)["PortMappings"][0]["ContainerPort"] == 8080
    command = _container(dev)["HealthCheck"]["Command"]
    assert command[0] == "CMD"
    assert "http://localhost:8080/healthz" in command[-1]


def test_it_runs_on_fargate_for_the_chosen_processor(dev: Template, prod: Template) -> None:
    for template, processor in ((dev, "ARM64"), (prod, "X86_64")):
        (task,) = resources(template, TASK).values()
        assert task["RuntimePlatform"]["CpuArchitecture"] == processor
        assert task["RequiresCompatibilities"] == ["FARGATE"]
        (service,) = resources(template, SERVICE).values()
        assert service["LaunchType"] == "FARGATE"  # Not Spot, which leaves when AWS wants.


def test_by_default_the_image_is_built_from_the_repository() -> None:
    template = synthesized(image="")
    image = json.dumps(_container(template)["Image"])
    assert "cdk-" in image
    assert "container-assets" in image
    (task,) = resources(template, TASK).values()
    granted = json.dumps(statements(template, task["ExecutionRoleArn"]["Fn::GetAtt"][0]))
    assert "container-assets" in granted


def test_a_bad_deployment_is_rolled_back_and_never_below_strength(dev: Template) -> None:
    (service,) = resources(dev, SERVICE).values()
    deployment = service["DeploymentConfiguration"]
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 200)
    # A number here would undo the scaling with every deployment.
    assert "DesiredCount" not in service


def test_the_fleet_follows_the_average_of_calls_per_task(
    dev: Template, prod: Template, own_domain: Template
) -> None:
    for template, env, least, seats in (
        (dev, "dev", 1, 10),
        (prod, "prod", 2, 20),
        (own_domain, "prod", 2, 10),
    ):
        (target,) = resources(template, "AWS::ApplicationAutoScaling::ScalableTarget").values()
        assert (target["MinCapacity"], target["MaxCapacity"]) == (least, 10)
        (policy,) = resources(template, "AWS::ApplicationAutoScaling::ScalingPolicy").values()
        tracking = policy["TargetTrackingScalingPolicyConfiguration"]
        assert tracking["TargetValue"] == 0.6 * seats
        assert tracking["CustomizedMetricSpecification"] == {
            "Namespace": "Dialout",
            "MetricName": "ActiveCalls",
            "Dimensions": [{"Name": "environment", "Value": env}],
            "Statistic": "Average",
        }
    (minimum,) = target["ScheduledActions"]
    assert minimum["Schedule"] == "cron(50 7 ? * MON-FRI *)"
    assert minimum["Timezone"] == "Europe/Berlin"
    assert minimum["ScalableTargetAction"] == {"MinCapacity": 5}


def test_a_task_may_keep_the_record_read_secrets_take_preparations_and_schedule(
    dev: Template,
) -> None:
    (task,) = resources(dev, TASK).values()
    granted = statements(dev, task["TaskRoleArn"]["Fn::GetAtt"][0])
    actions = {action for each in granted for action in listed(each["Action"])}
    consuming = {
        f"sqs:{action}"
        for action in (
            "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl",
            "ReceiveMessage",
        )
    }  # fmt: skip
    assert actions == ITEMS | SECRETS | SCHEDULING | consuming
    (queue,) = (each["Resource"] for each in granted if "sqs:ReceiveMessage" in each["Action"])
    assert "Prepare" in queue["Fn::GetAtt"][0]


def test_ecs_may_write_the_log_and_pull_the_one_image(dev: Template) -> None:
    (task,) = resources(dev, TASK).values()
    granted = statements(dev, task["ExecutionRoleArn"]["Fn::GetAtt"][0])
    actions = {action for each in granted for action in listed(each["Action"])}
    pulling = {
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
        "ecr:GetAuthorizationToken",
    }
    assert actions == LOGS | pulling
    (pulled,) = (each["Resource"] for each in granted if "ecr:BatchGetImage" in each["Action"])
    assert json.dumps(pulled).endswith(':ecr:us-east-1:123456789012:repository/media"]]}')
    assert _container(dev)["Image"] == IMAGE


def test_a_public_image_needs_no_rights_at_all() -> None:
    template = synthesized(image="ghcr.io/example/media:1")
    assert "ecr:" not in json.dumps(resources(template, "AWS::IAM::Policy"))


def test_logging_never_blocks_a_call(dev: Template) -> None:
    logging = _container(dev)["LogConfiguration"]
    assert logging["LogDriver"] == "awslogs"
    assert logging["Options"]["mode"] == "non-blocking"


def test_a_task_is_as_large_as_its_seats_need(dev: Template, prod: Template) -> None:
    for template, cpu, memory in ((dev, "1024", "2048"), (prod, "2048", "4096")):
        (task,) = resources(template, TASK).values()
        assert (task["Cpu"], task["Memory"]) == (cpu, memory)


@pytest.mark.parametrize(("seats", "cpu"), [(1, 1024), (10, 1024), (11, 2048), (20, 2048)])
def test_half_of_what_a_core_carries_are_seats(seats: int, cpu: int) -> None:
    assert task_size(seats) == TaskSize(cpu, 2 * cpu)


def test_what_no_process_carries_is_refused() -> None:
    with pytest.raises(TooManySeatsError, match="raise -c max_tasks"):
        task_size(21)
