"""The HTTP API's gateway: its address, its limits and its log."""

import json

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as http
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.context import Context

# The route key and never the path: paths hold phone numbers and call ids.
ACCESS_LOG = {
    "request_id": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "route": "$context.routeKey",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "integration_latency_ms": "$context.integrationLatency",
    "integration_error": "$context.integrationErrorMessage",
    "response_bytes": "$context.responseLength",
    "source_ip": "$context.identity.sourceIp",
}

# Requests a second and at once. A call makes about six webhooks, so this carries ten times the
# dial rate that Twilio allows by default, and stops a flood before it costs anything.
REQUESTS_PER_SECOND, REQUESTS_AT_ONCE = 100, 200


class Gateway(Construct):
    """The HTTP API ``dialout-<env>`` on its ``$default`` stage, under its own domain if it has one.

    Attributes:
        api: what routes are added to.
        url: where the API is reached, without a trailing slash: Twilio signs over it.
        target: what the own domain's DNS record must point at; None: nothing to do.
    """

    def __init__(self, scope: Construct, name: str, context: Context) -> None:
        super().__init__(scope, name)
        self._context = context
        self.api = http.HttpApi(
            self,
            "Api",
            api_name=context.name,
            create_default_stage=False,
            cors_preflight=_for_browsers(context.console_origins),
        )
        domain = self._domain()
        self._stage(domain)
        self.target = domain.regional_domain_name if domain else None
        self.url = (
            f"https://{context.api_domain.name}" if context.api_domain else self.api.api_endpoint
        )

    def _domain(self) -> http.DomainName | None:
        chosen = self._context.api_domain
        if chosen is None:
            return None
        certificate = acm.Certificate.from_certificate_arn(self, "Certificate", chosen.certificate)
        return http.DomainName(self, "Domain", domain_name=chosen.name, certificate=certificate)

    def _stage(self, domain: http.DomainName | None) -> None:
        log = logs.LogGroup(
            self,
            "AccessLog",
            # Under this prefix AWS needs no resource policy, whose size would limit the stacks.
            log_group_name=f"/aws/vendedlogs/http-api/{self._context.name}",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.DESTROY,
        )
        stage = http.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            stage_name="$default",
            auto_deploy=True,
            domain_mapping=http.DomainMappingOptions(domain_name=domain) if domain else None,
            throttle=http.ThrottleSettings(
                rate_limit=REQUESTS_PER_SECOND, burst_limit=REQUESTS_AT_ONCE
            ),
        )
        resource = stage.node.default_child
        assert isinstance(resource, http.CfnStage)
        resource.access_log_settings = http.CfnStage.AccessLogSettingsProperty(
            destination_arn=log.log_group_arn, format=json.dumps(ACCESS_LOG)
        )


def _for_browsers(origins: list[str]) -> http.CorsPreflightOptions | None:
    """What pages from these origins may do: all that a key can. Cookies are nobody's here."""
    if not origins:
        return None
    methods = http.CorsHttpMethod
    return http.CorsPreflightOptions(
        allow_origins=origins,
        allow_methods=[methods.GET, methods.POST, methods.PUT, methods.PATCH, methods.DELETE],
        allow_headers=["authorization", "content-type", "idempotency-key"],
        expose_headers=["date", "dialout-cursor", "idempotent-replayed", "location", "retry-after"],
        max_age=Duration.hours(1),
    )
