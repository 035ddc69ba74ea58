"""From a request to the call that it asks for: every mistake in it is found here."""

from datetime import datetime

from ulid import ULID

from calls import agents
from calls.agent import Agent
from calls.call import Call, longest
from calls.calling_window import CallingWindow, CallingWindowError, zones
from calls.dial_request import DialRequest
from calls.refused import AgentError, DialRefusedError
from calls.settings import Settings


def plan(request: DialRequest, settings: Settings, at: datetime, api_key: str) -> Call:
    """The call that is asked for, not kept and not dialled yet.

    Raises:
        DialRefusedError: it cannot be done, at no time.
    """
    if not settings.public_ws_url or not settings.public_api_url:
        raise DialRefusedError(
            "not_configured",
            "set DIALOUT_PUBLIC_API_URL and DIALOUT_PUBLIC_WS_URL, so that Twilio finds us",
        )
    agent = _agent(request, settings)
    seconds = min(
        request.max_call_seconds or agent.max_call_seconds or settings.max_call_seconds,
        settings.max_call_seconds,
    )
    return Call(
        call_id=str(ULID.from_datetime(at)),
        to_number=request.to_number,
        from_number=_from_number(request, settings),
        time_zone=_zone(request, settings),
        agent=agent.name,
        purpose=agent.purpose,
        variables=request.variables,
        consent=request.consent,
        metadata=request.metadata,
        webhook_url=request.webhook_url,
        api_key=api_key,
        created_at=at,
        max_call_seconds=seconds,
        stream_until=longest(at, seconds),
    )


def _agent(request: DialRequest, settings: Settings) -> Agent:
    try:
        agent = agents.load(request.agent or settings.default_agent)
        agent.check(request.variables)
    except AgentError as error:
        raise DialRefusedError("invalid_request", str(error)) from error
    return agent


def _from_number(request: DialRequest, settings: Settings) -> str:
    from_number = request.from_number or settings.default_from_number
    if not from_number:
        raise DialRefusedError(
            "invalid_request", "give from_number, or set DIALOUT_DEFAULT_FROM_NUMBER"
        )
    if request.to_number in (from_number, settings.default_from_number):
        raise DialRefusedError("invalid_request", "to_number is the number that calls")
    return from_number


def _zone(request: DialRequest, settings: Settings) -> str | None:
    try:
        # Where every hour is allowed, nobody has to know the callee's.
        if request.time_zone is not None or not CallingWindow.parse(settings.calling_window).always:
            zones(request.to_number, request.time_zone)
    except CallingWindowError as error:
        raise DialRefusedError("invalid_request", str(error)) from error
    return request.time_zone
