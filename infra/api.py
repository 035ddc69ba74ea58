"""The routes of the HTTP API, and the functions that serve them."""

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as http
from aws_cdk import aws_apigatewayv2_integrations as integrations
from constructs import Construct

from infra.context import Context
from infra.data import Data
from infra.finding import acknowledge
from infra.gateway import Gateway
from infra.product_code import ProductCode
from infra.product_function import ProductFunction
from infra.secrets import let_read_secrets

# Every route by the module of functions/ that serves it. Nothing else is answered.
ROUTES: dict[str, tuple[str, ...]] = {
    "dialout": ("POST /dialout",),
    "twiml": (
        "POST /twiml",
        "POST /inbound",
        "POST /status",
        "POST /answered-by",
        "POST /recording-status",
        "POST /stream-status",
    ),
    "schedules": (
        "GET /schedules",
        "POST /schedules",
        "GET /schedules/{schedule_id}",
        "PATCH /schedules/{schedule_id}",
        "DELETE /schedules/{schedule_id}",
    ),
    "campaigns": (
        "GET /campaigns",
        "POST /campaigns",
        "GET /campaigns/{campaign_id}",
        "PATCH /campaigns/{campaign_id}",
        "GET /campaigns/{campaign_id}/contacts",
        "POST /campaigns/{campaign_id}/contacts",
        "GET /campaigns/{campaign_id}/preview",
        "GET /campaigns/{campaign_id}/results",
    ),
    "do_not_call": (
        "GET /do-not-call",
        "PUT /do-not-call/{number}",
        "GET /do-not-call/{number}",
        "DELETE /do-not-call/{number}",
    ),
    "call_records": (
        "GET /calls",
        "GET /calls/{call_id}",
        "DELETE /calls/{call_id}",
        "GET /calls/{call_id}/recording",
        "GET /fleet",
        "GET /healthz",
        # Where the gateway asks us rather than answer a browser itself: $default would refuse.
        "OPTIONS /{proxy+}",
        # Whatever is not there: answered as a problem too, and to nobody without a key.
        "$default",
    ),
}


class Api(Construct):
    """Each route to its function.

    No authorizer: the handlers check the key or Twilio's signature, deny by default, and answer
    refusals in the product's own error format.

    Attributes:
        functions: by module.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        context: Context,
        *,
        gateway: Gateway,
        data: Data,
        product: ProductCode,
    ) -> None:
        super().__init__(scope, name)
        self._context = context
        self._gateway = gateway
        self._product = product
        self.functions = self._functions(data)
        for module, routes in ROUTES.items():
            self._route(self.functions[module], routes)

    def _functions(self, data: Data) -> dict[str, ProductFunction]:
        dialout = self._function(
            # A request may wait 3 s for pace and 10 s for Twilio.
            "dialout", Duration.seconds(20), "Checks the dial rules and asks Twilio to call."
        )  # fmt: skip
        data.prepare_queue.grant_send_messages(dialout.role)
        # Whoever would wait, waits there.
        data.timed_queue.grant_send_messages(dialout.role)
        twiml = self._function(
            # Twilio itself waits 15 s, and a person is on the line.
            "twiml", Duration.seconds(10), "Answers Twilio's webhooks."
        )  # fmt: skip
        records = self._function(
            # The gateway waits 30 s at most, and a recording may be copied meanwhile.
            "call_records", Duration.seconds(29), "Lists, shows and ends calls."
        )  # fmt: skip
        data.let_keep_recordings(records.role)
        listed = self._function(
            "do_not_call", Duration.seconds(10), "Keeps the list of who is never to be phoned."
        )
        timed = self._function(
            "schedules", Duration.seconds(20), "Makes, shows, changes and ends timed calls."
        )
        campaigns = self._function(
            # Ten thousand contacts are written; the gateway waits no longer.
            "campaigns", Duration.seconds(29), "Makes, fills, shows and changes campaigns."
        )  # fmt: skip
        # Whoever starts one has its first calls made ready.
        data.campaign_queue.grant_send_messages(campaigns.role)
        functions = {
            "campaigns": campaigns, "dialout": dialout, "twiml": twiml, "schedules": timed,
            "do_not_call": listed, "call_records": records,
        }  # fmt: skip
        for function in functions.values():
            data.let_use_table(function.role)
            let_read_secrets(function.role, self._context)
        return functions

    def _function(self, module: str, timeout: Duration, description: str) -> ProductFunction:
        return ProductFunction(
            self,
            module,
            self._context,
            product=self._product,
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
                http_api=self._gateway.api,
                route_key=_route_key(route),
                integration=integration,
            )
            acknowledge(
                made,
                "AwsSolutions-APIG4",
                "The handlers check the key or Twilio's signature and deny by default; "
                "a gateway authorizer would cache revoked keys.",
            )


def _route_key(route: str) -> http.HttpRouteKey:
    if route == "$default":
        return http.HttpRouteKey.DEFAULT
    method, path = route.split()
    return http.HttpRouteKey.with_(path, http.HttpMethod[method])
