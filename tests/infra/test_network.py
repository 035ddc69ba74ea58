"""Who can reach the tasks, by which door, and how they reach the world."""

import json
from typing import Any

from aws_cdk.assertions import Template

from tests.infra.conftest import resources

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
DISTRIBUTION = "AWS::CloudFront::Distribution"
INGRESS = "AWS::EC2::SecurityGroupIngress"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"


def _group_of_tasks(template: Template) -> dict[str, Any]:
    (service,) = resources(template, "AWS::ECS::Service").values()
    (group,) = _vpc(service)["SecurityGroups"]
    found: dict[str, Any] = group
    return found


def _vpc(service: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = service["NetworkConfiguration"]["AwsvpcConfiguration"]
    return found


def _subnets(template: Template, refs: list[dict[str, str]]) -> set[str]:
    """What kind of subnet these are: Public, Isolated, Private."""
    found = resources(template, "AWS::EC2::Subnet")
    return {
        tag["Value"]
        for ref in refs
        for tag in found[ref["Ref"]]["Tags"]
        if tag["Key"] == "aws-cdk:subnet-name"
    }


def test_nobody_but_the_load_balancer_reaches_a_task(dev: Template, own_domain: Template) -> None:
    for template in (dev, own_domain):
        group = _group_of_tasks(template)
        name = group["Fn::GetAtt"][0]
        assert "SecurityGroupIngress" not in resources(template, "AWS::EC2::SecurityGroup")[name]
        (ingress,) = (
            each for each in resources(template, INGRESS).values() if each["GroupId"] == group
        )
        (balancer,) = resources(template, BALANCER).values()
        assert ingress["SourceSecurityGroupId"] in balancer["SecurityGroups"]
        assert (ingress["FromPort"], ingress["ToPort"]) == (8080, 8080)


def test_without_a_domain_nothing_is_open_to_the_internet(dev: Template) -> None:
    (balancer,) = resources(dev, BALANCER).values()
    assert balancer["Scheme"] == "internal"
    assert _subnets(dev, balancer["Subnets"]) == {"Isolated"}
    for group in resources(dev, "AWS::EC2::SecurityGroup").values():
        assert not group.get("SecurityGroupIngress")
    assert "0.0.0.0/0" not in json.dumps(resources(dev, INGRESS))
    assert "::/0" not in json.dumps(resources(dev, INGRESS))


def test_cloudfront_comes_in_by_a_security_group_of_its_own(dev: Template) -> None:
    # Its list weighs 55 of a group's 60 rules.
    rules = resources(dev, INGRESS).values()
    (rule,) = (each for each in rules if "SourcePrefixListId" in each)
    (list_name,) = resources(dev, "Custom::PrefixList")
    assert rule["SourcePrefixListId"] == {"Fn::GetAtt": [list_name, "PrefixLists.0.PrefixListId"]}
    assert rule["FromPort"] == 80
    assert [each for each in rules if each["GroupId"] == rule["GroupId"]] == [rule]
    (balancer,) = resources(dev, BALANCER).values()
    assert rule["GroupId"] in balancer["SecurityGroups"]
    (asked,) = resources(dev, "Custom::PrefixList").values()
    assert "com.amazonaws.global.cloudfront.origin-facing" in asked["Create"]
    assert asked["Create"] == asked["Update"]


def test_only_streams_pass_the_edge_uncached_and_with_all_of_their_headers(dev: Template) -> None:
    (distribution,) = resources(dev, DISTRIBUTION).values()
    config = distribution["DistributionConfig"]
    (streams,) = config["CacheBehaviors"]
    assert streams["PathPattern"] == "/ws"
    assert streams["CachePolicyId"] == CACHING_DISABLED
    assert streams["OriginRequestPolicyId"] == ALL_VIEWER
    assert streams["ViewerProtocolPolicy"] == "https-only"
    assert "FunctionAssociations" not in streams
    (refusal,) = config["DefaultCacheBehavior"]["FunctionAssociations"]
    assert refusal["EventType"] == "viewer-request"
    (function,) = resources(dev, "AWS::CloudFront::Function").values()
    assert "statusCode: 404" in function["FunctionCode"]
    assert function["AutoPublish"]
    (origin,) = config["Origins"]
    assert "VpcOriginId" in origin["VpcOriginConfig"]
    # It would end a stream in the middle of a call.
    assert "ResponseCompletionTimeout" not in origin


def test_the_load_balancer_knows_one_path_and_patience(dev: Template, own_domain: Template) -> None:
    for template in (dev, own_domain):
        (balancer,) = resources(template, BALANCER).values()
        attributes = {each["Key"]: each["Value"] for each in balancer["LoadBalancerAttributes"]}
        assert attributes["idle_timeout.timeout_seconds"] == "600"
        (group,) = resources(template, "AWS::ElasticLoadBalancingV2::TargetGroup").values()
        algorithm = {each["Key"]: each["Value"] for each in group["TargetGroupAttributes"]}
        assert algorithm["load_balancing.algorithm.type"] == "least_outstanding_requests"
        (listener,) = resources(template, "AWS::ElasticLoadBalancingV2::Listener").values()
        (action,) = listener["DefaultActions"]
        assert action["FixedResponseConfig"]["StatusCode"] == "404"
        (rule,) = resources(template, "AWS::ElasticLoadBalancingV2::ListenerRule").values()
        (condition,) = rule["Conditions"]
        assert condition["PathPatternConfig"]["Values"] == ["/ws"]
        # Neither has a name: an environment on its way to another entrance has two of each.
        assert "Name" not in balancer
        assert "Name" not in group


def test_an_own_domain_is_a_public_load_balancer_over_tls_and_no_cloudfront(
    own_domain: Template,
) -> None:
    assert not own_domain.find_resources(DISTRIBUTION)
    assert not own_domain.find_resources("AWS::CloudFront::VpcOrigin")
    assert not own_domain.find_resources("Custom::PrefixList")
    (balancer,) = resources(own_domain, BALANCER).values()
    assert balancer["Scheme"] == "internet-facing"
    assert _subnets(own_domain, balancer["Subnets"]) == {"Public"}
    (listener,) = resources(own_domain, "AWS::ElasticLoadBalancingV2::Listener").values()
    assert (listener["Port"], listener["Protocol"]) == (443, "HTTPS")
    assert listener["Certificates"][0]["CertificateArn"].endswith("certificate/own")
    assert "TLS13" in listener["SslPolicy"]
    opened = [
        rule
        for group in resources(own_domain, "AWS::EC2::SecurityGroup").values()
        for rule in group.get("SecurityGroupIngress", [])
    ]
    assert [(rule["FromPort"], rule["ToPort"]) for rule in opened] == [(443, 443)]
    outputs = own_domain.to_json()["Outputs"]
    assert outputs["WsDomainTarget"]["Value"]["Fn::GetAtt"][1] == "DNSName"


def test_without_nat_tasks_have_addresses_of_their_own(dev: Template) -> None:
    assert not dev.find_resources("AWS::EC2::NatGateway")
    (service,) = resources(dev, "AWS::ECS::Service").values()
    assert _vpc(service)["AssignPublicIp"] == "ENABLED"
    assert _subnets(dev, _vpc(service)["Subnets"]) == {"Public"}
    assert len(_vpc(service)["Subnets"]) == 2


def test_with_nat_they_have_none(own_domain: Template) -> None:
    assert len(own_domain.find_resources("AWS::EC2::NatGateway")) == 2  # One a zone.
    (service,) = resources(own_domain, "AWS::ECS::Service").values()
    assert _vpc(service)["AssignPublicIp"] == "DISABLED"
    assert _subnets(own_domain, _vpc(service)["Subnets"]) == {"Private"}


def test_switching_nat_on_moves_no_subnet(dev: Template, own_domain: Template) -> None:
    before, after = (
        {name: each["CidrBlock"] for name, each in resources(t, "AWS::EC2::Subnet").items()}
        for t in (dev, own_domain)
    )
    assert before.items() <= after.items()


def test_the_table_and_the_bucket_are_reached_inside_aws(dev: Template) -> None:
    endpoints = resources(dev, "AWS::EC2::VPCEndpoint").values()
    names = {endpoint["ServiceName"]["Fn::Join"][1][-1] for endpoint in endpoints}
    assert names == {".s3", ".dynamodb"}
    assert {endpoint["VpcEndpointType"] for endpoint in endpoints} == {"Gateway"}
