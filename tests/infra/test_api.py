"""The routes, the functions behind them, and what they may do."""

import json

from aws_cdk.assertions import Template

from tests.infra.conftest import resources

FUNCTION = "AWS::Lambda::Function"
ROUTES = {
    "functions.dialout.handler": {"POST /dialout"},
    "functions.twiml.handler": {
        "POST /twiml",
        "POST /inbound",
        "POST /status",
        "POST /answered-by",
        "POST /recording-status",
        "POST /stream-status",
    },
    "functions.schedules.handler": {
        "GET /schedules",
        "POST /schedules",
        "GET /schedules/{schedule_id}",
        "PATCH /schedules/{schedule_id}",
        "DELETE /schedules/{schedule_id}",
    },
    "functions.campaigns.handler": {
        "GET /campaigns",
        "POST /campaigns",
        "GET /campaigns/{campaign_id}",
        "PATCH /campaigns/{campaign_id}",
        "GET /campaigns/{campaign_id}/contacts",
        "POST /campaigns/{campaign_id}/contacts",
        "GET /campaigns/{campaign_id}/preview",
        "GET /campaigns/{campaign_id}/results",
    },
    "functions.do_not_call.handler": {
        "GET /do-not-call",
        "PUT /do-not-call/{number}",
        "GET /do-not-call/{number}",
        "DELETE /do-not-call/{number}",
    },
    "functions.call_records.handler": {
        "GET /calls",
        "GET /calls/{call_id}",
        "DELETE /calls/{call_id}",
        "GET /calls/{call_id}/recording",
        "GET /fleet",
        "GET /healthz",
        "OPTIONS /{proxy+}",
        "$default",
    },
}


def test_each_route_goes_to_its_function_and_the_rest_to_a_refusal(dev: Template) -> None:
    by_name = resources(dev, FUNCTION)
    integrations = resources(dev, "AWS::ApiGatewayV2::Integration")
    found: dict[str, set[str]] = {}
    for route in resources(dev, "AWS::ApiGatewayV2::Route").values():
        integration = route["Target"]["Fn::Join"][1][1]["Ref"]
        function = integrations[integration]["IntegrationUri"]["Fn::GetAtt"][0]
        found.setdefault(by_name[function]["Handler"], set()).add(route["RouteKey"])
        assert integrations[integration]["PayloadFormatVersion"] == "2.0"
    assert found == ROUTES


def test_api_gateway_may_call_each_function_for_its_routes_only(dev: Template) -> None:
    called = [
        permission["SourceArn"]["Fn::Join"][1][-1]
        for permission in resources(dev, "AWS::Lambda::Permission").values()
        if permission["Principal"] == "apigateway.amazonaws.com"
    ]
    # CDK's word for the default route: any stage, whatever is asked for.
    ends = [
        "/*/*" if key == "$default" else f"/*/*{key.split()[1]}"
        for keys in ROUTES.values()
        for key in keys
    ]
    assert sorted(called) == sorted(ends)


def test_the_stage_throttles_and_logs_the_route_but_never_the_path(dev: Template) -> None:
    (stage,) = resources(dev, "AWS::ApiGatewayV2::Stage").values()
    assert stage["StageName"] == "$default"
    assert stage["AutoDeploy"]
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] > 0
    fields = set(json.loads(stage["AccessLogSettings"]["Format"]).values())
    assert "$context.routeKey" in fields
    telling = ("path", "Path", "querystring", "authorizer", "protocol")
    assert not [field for field in fields if any(word in field for word in telling)]


def test_an_own_domain_stands_before_the_api(own_domain: Template) -> None:
    (domain,) = resources(own_domain, "AWS::ApiGatewayV2::DomainName").values()
    assert domain["DomainName"] == "api.example.com"
    (configuration,) = domain["DomainNameConfigurations"]
    assert configuration["CertificateArn"].endswith("certificate/own")
    assert configuration["EndpointType"] == "REGIONAL"
    (mapping,) = resources(own_domain, "AWS::ApiGatewayV2::ApiMapping").values()
    assert "ApiMappingKey" not in mapping
    outputs = own_domain.to_json()["Outputs"]
    assert outputs["ApiUrl"]["Value"] == "https://api.example.com"
    assert outputs["ApiDomainTarget"]["Value"]["Fn::GetAtt"][1] == "RegionalDomainName"


def test_browsers_may_use_it_from_the_consoles_origins_alone(dev: Template) -> None:
    (api,) = resources(dev, "AWS::ApiGatewayV2::Api").values()
    allowed = api["CorsConfiguration"]
    assert allowed["AllowOrigins"] == ["http://localhost:7860", "http://127.0.0.1:7860"]
    assert set(allowed["AllowMethods"]) == {"GET", "POST", "PUT", "PATCH", "DELETE"}
    assert allowed["AllowHeaders"] == ["authorization", "content-type", "idempotency-key"]
    assert "retry-after" in allowed["ExposeHeaders"]
    # A key is sent by whoever has it; a cookie would be sent by any page.
    assert "AllowCredentials" not in allowed
