"""The functions of the public HTTP API: each answers only to a known key. Default deny."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pydantic import ValidationError

from calls.keys import owner, parse
from functions import problems, wiring
from functions.log import logger
from functions.problems import ProblemError

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def resolver() -> APIGatewayHttpResolver:
    """A resolver that validates by the handlers' types and answers errors as problems."""
    app = APIGatewayHttpResolver(enable_validation=True)
    problems.mount(app)
    return app


def guarded(
    app: APIGatewayHttpResolver,
    *,
    public: frozenset[str] = frozenset(),
    csv: frozenset[str] = frozenset(),
) -> Handler:
    """The Lambda handler of ``app``: checks the key before anything else is looked at.

    Args:
        public: route keys that need no key, such as ``GET /healthz``.
        csv: route keys that take ``text/csv`` too. Their handlers get it as ``{"csv": <text>}``.

    The key's name is in the app's context as ``api_key``.
    """

    @logger.inject_lambda_context(clear_state=True)
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        # Not a middleware of the resolver: it would run after the body's validation.
        try:
            if event["routeKey"] not in public:
                app.context["api_key"] = caller(event["headers"])
            if event["routeKey"] in csv and _is_csv(event["headers"]):
                _quote(event)
            _decode(event)
            # curl calls a body a form unless told otherwise. Whatever it is called, JSON is read.
            event["headers"]["content-type"] = "application/json"
            return dict(app.resolve(event, context))
        except Exception as error:
            problem = problems.problem_of(error)
            return {
                "statusCode": problem.status,
                "headers": {"Content-Type": problems.CONTENT_TYPE, **problem.headers},
                "body": problems.body(problem),
            }
        finally:
            app.context.clear()

    return handler


def _is_csv(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "text/csv"


def _quote(event: dict[str, Any]) -> None:
    """The body, which is CSV, as JSON.

    Raises:
        ProblemError: 400, it is not UTF-8.
    """
    body = event.get("body") or ""
    try:
        text = base64.b64decode(body).decode() if event.get("isBase64Encoded") else body
    except ValueError as error:
        raise _not_read("the body is not UTF-8") from error
    event["body"], event["isBase64Encoded"] = json.dumps({"csv": text}), False


def _decode(event: dict[str, Any]) -> None:
    """The body as text, whatever the gateway made of it.

    Raises:
        ProblemError: 400, it is not JSON. Looked at here, as Powertools would break over what is
            nested too deeply, is no UTF-8, or has a number of thousands of digits.
    """
    body = event.get("body")
    if not body:
        return
    try:
        text = base64.b64decode(body).decode() if event.get("isBase64Encoded") else body
        content = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _not_read("the body is not JSON") from error
    if not isinstance(content, dict | None):
        # Of a list Powertools would take an item for the whole, where the body may be left out.
        raise _not_read("the body is not a JSON object")
    event["body"], event["isBase64Encoded"] = text, False


def _not_read(message: str) -> ProblemError:
    errors = [{"field": "body", "message": message}]
    return ProblemError(400, "invalid_request", f"body: {message}", errors=errors)


def _refuse(name: str) -> NoReturn:
    # NaN and the infinities: Python's own addition to JSON.
    raise ValueError(name)


def caller(headers: Mapping[str, str]) -> str:
    """The name of the key in ``Authorization: Bearer <key>``.

    Raises:
        ProblemError: 401, no or an unknown key.
    """
    # API Gateway lowers the names of headers.
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise _unauthorized("send your API key: `Authorization: Bearer <key>`")
    try:
        keys = parse(wiring.secrets().get("api-keys"))
    except ValidationError as error:
        raise ProblemError(
            503, "not_configured", "the api-keys secret cannot be read; make a key anew"
        ) from error
    name = owner(key.strip(), keys)
    if name is None:
        logger.warning("API key refused")
        raise _unauthorized("this API key is not known, or was revoked")
    return name


def _unauthorized(detail: str) -> ProblemError:
    return ProblemError(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})
