"""The functions of Twilio's webhooks: each answers only to what Twilio signed."""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from calls.adapters.twilio_signature import is_twilios, parse_form
from calls.settings import settings
from functions import problems, wiring
from functions.log import logger
from functions.problems import ProblemError

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def resolver() -> APIGatewayHttpResolver:
    """A resolver that answers errors as problems. Nothing is validated but the signature."""
    app = APIGatewayHttpResolver()
    problems.mount(app)
    return app


def signed(app: APIGatewayHttpResolver) -> Handler:
    """The Lambda handler of ``app``: 403 for everything that Twilio did not sign.

    The form's fields, the last of each name, are in the app's context as ``form``.
    """

    @logger.inject_lambda_context(clear_state=True)
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        try:
            app.context["form"] = _form(event)
            return dict(app.resolve(event, context))
        except Exception as error:
            problem = problems.problem_of(error)
            return {
                "statusCode": problem.status,
                "headers": {"content-type": problems.CONTENT_TYPE},
                "body": problems.body(problem),
            }
        finally:
            app.context.clear()

    return handler


def _form(event: dict[str, Any]) -> dict[str, str]:
    """The form that Twilio posted.

    Raises:
        ProblemError: 403, Twilio did not sign this; or 400, it cannot be read at all.
    """
    pairs = parse_form(_body(event))
    token = wiring.secrets().get("twilio/auth-token")
    signature = event["headers"].get("x-twilio-signature")
    if not is_twilios(token, _public_url(event), signature, pairs):
        logger.warning("Webhook refused: the signature is not Twilio's", route=event["routeKey"])
        raise ProblemError(403, "bad_signature", "X-Twilio-Signature does not fit this request")
    return dict(pairs)


def url(path: str, **query: str | int) -> str:
    """One of our webhooks, as Twilio is given it."""
    return f"{settings().public_api_url}{path}?{urlencode(query)}"


def _public_url(event: dict[str, Any]) -> str:
    """The URL as Twilio was given it. The event's own host and stage are not in it."""
    stage = event["requestContext"]["stage"]
    path: str = event["rawPath"]
    if stage != "$default":
        path = path.removeprefix(f"/{stage}")
    query = event["rawQueryString"]
    return settings().public_api_url + path + (f"?{query}" if query else "")


def _body(event: dict[str, Any]) -> str:
    body: str = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body
    try:
        # A form in another encoding than UTF-8 is not Twilio's; its signature will not fit.
        return base64.b64decode(body).decode(errors="replace")
    except ValueError as error:
        raise ProblemError(400, "invalid_request", "the body cannot be read") from error
