"""The HTTP API and the functions behind it."""

import json
from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as http
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.context import Context
from infra.data import Data
from infra.finding import acknowledge
from infra.product_function import ProductFunction

# Every route by the module of functions/ that serves it. Nothing else is answered.
ROUTES: dict[str, tuple[str, ...]] = {
    "dialout": ("POST /dialout",),
    "twiml": (
        "POST /twiml",
        "POST /status",
        "POST /recording-status",
        "POST /stream-status",
    ),
    "call_records": (
        "GET /calls",
        "GET /calls/{call_id}",
        "DELETE /calls/{call_id}",
        "GET /calls/{call_id}/recording",
        "GET /healthz",
        # Whatever is not there: answered as a problem too, and to nobody without a key.
        "$default",
    ),
}

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


class Api(Construct):
    """The HTTP API ``dialout-<env>`` on its ``$default`` stage, each route to its function.

    No authorizer: the handlers check the key or Twilio's signature, deny by default, and answer
    refusals in the product's own error format.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        context: Context,
        *,
        data: Data,
        code: lambda_.Code,
    ) -> None:
        super().__init__(scope, name)
        self._context = context
        self.gateway = http.HttpApi(
            self, "Gateway", api_name=context.name, create_default_stage=False
        )
        self._stage()
        self._code = code
        self.environment = self._environment(data)
        self.functions = self._functions(data)
        for module, routes in ROUTES.items():
            self._route(self.functions[module], routes)

    @property
    def url(self) -> str:
        """Where the API is reached, without a trailing slash: Twilio signs over it."""
        return self.gateway.api_endpoint

    def _environment(self, data: Data) -> Mapping[str, str]:
        """What the stack knows, under what ``cdk.json`` and ``-c set.`` chose."""
        return {
            "DIALOUT_PUBLIC_API_URL": self.url,
            **self._context.settings,
            "DIALOUT_ENV": self._context.env,
            "DIALOUT_TABLE": data.table.table_name,
            "DIALOUT_RECORDINGS_BUCKET": data.recordings.bucket_name,
            "DIALOUT_PREPARE_QUEUE_URL": data.prepare_queue.queue_url,
            "DIALOUT_TIMED_QUEUE_URL": data.timed_queue.queue_url,
            "DIALOUT_CAMPAIGN_QUEUE_URL": data.campaign_queue.queue_url,
            "DIALOUT_PARAMETER_PREFIX": self._context.parameter_prefix,
        }

    def _functions(self, data: Data) -> dict[str, ProductFunction]:
        dialout = self._function(
            # A request may wait 3 s for pace and 10 s for Twilio.
            "dialout", Duration.seconds(20), "Checks the dial rules and asks Twilio to call."
        )  # fmt: skip
        data.prepare_queue.grant_send_messages(dialout.function)
        twiml = self._function(
            # Twilio itself waits 15 s, and a person is on the line.
            "twiml", Duration.seconds(10), "Answers Twilio's webhooks."
        )  # fmt: skip
        records = self._function(
            # The gateway waits 30 s at most, and a recording may be copied meanwhile.
            "call_records", Duration.seconds(29), "Lists, shows and ends calls."
        )  # fmt: skip
        data.let_keep_recordings(records.function)
        functions = {"dialout": dialout, "twiml": twiml, "call_records": records}
        for function in functions.values():
            data.let_use_table(function.function)
            function.let_read_secrets(self._context)
        return functions

    def _function(self, module: str, timeout: Duration, description: str) -> ProductFunction:
        return ProductFunction(
            self,
            module,
            self._context,
            code=self._code,
            environment=self.environment,
            timeout=timeout,
            description=description,
        )

    def _route(self, target: ProductFunction, routes: tuple[str, ...]) -> None:
        integration = integrations.HttpLambdaIntegration(
            f"{target.node.id}Integration", target.function
        )
        for route in routes:
            made = http.HttpRoute(
                self,
                route,
                http_api=self.gateway,
                route_key=_route_key(route),
                integration=integration,
            )
            acknowledge(
                made,
                "AwsSolutions-APIG4",
                "The handlers check the key or Twilio's signature and deny by default; "
                "a gateway authorizer would cache revoked keys.",
            )

    def _stage(self) -> None:
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
            http_api=self.gateway,
            stage_name="$default",
            auto_deploy=True,
            throttle=http.ThrottleSettings(
                rate_limit=REQUESTS_PER_SECOND, burst_limit=REQUESTS_AT_ONCE
            ),
        )
        resource = stage.node.default_child
        assert isinstance(resource, http.CfnStage)
        resource.access_log_settings = http.CfnStage.AccessLogSettingsProperty(
            destination_arn=log.log_group_arn, format=json.dumps(ACCESS_LOG)
        )


def _route_key(route: str) -> http.HttpRouteKey:
    if route == "$default":
        return http.HttpRouteKey.DEFAULT
    method, path = route.split()
    return http.HttpRouteKey.with_(path, http.HttpMethod[method])
