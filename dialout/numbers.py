"""``dialout numbers``: the Twilio account's numbers, and what they do when they are phoned."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

import typer

from dialout.access import AsJson, Url, api_url
from dialout.parameters import Env, Parameters
from dialout.problem import ApiError, DialoutError, UnreachableError

app = typer.Typer(no_args_is_help=True, help="The Twilio account's numbers.")


@app.command("list")
def list_(env: Env = None, as_json: AsJson = False) -> None:
    """The numbers, and where a call to each goes.

    Example:
      dialout numbers list --env prod
    """
    import json

    numbers = Numbers.of(env).all()
    if as_json:
        typer.echo(json.dumps([number.__dict__ for number in numbers]))
        return
    if not numbers:
        typer.echo("This account has no numbers. Buy one at https://console.twilio.com.")
    for number in numbers:
        voice = "voice" if number.voice else "no voice"
        typer.echo(f"{number.number}  {voice:<8}  {number.voice_url or 'goes nowhere'}")


@app.command()
def connect(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Yours, in E.164.")],
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """Have the agent answer calls to a number: point its voice webhook at the API.

    Example:
      dialout numbers connect +15550000001 --env prod
    """
    import json

    account = Numbers.of(env)
    owned = {each.number: each for each in account.all()}
    if number not in owned:
        known = ", ".join(owned) or "none"
        raise DialoutError(f"{number} is not of this Twilio account; there are: {known}")
    if not owned[number].voice:
        raise DialoutError(f"{number} cannot phone: it has no voice")
    base = api_url(env, url)
    if not base.startswith("https://"):
        typer.echo("Twilio itself reaches https:// addresses on the internet only.", err=True)
    _warn_unless_answered(f"{base}/inbound")
    account.point(owned[number].sid, voice_url=f"{base}/inbound", status_url=f"{base}/status")
    told = {"number": number, "voice_url": f"{base}/inbound", "before": owned[number].voice_url}
    typer.echo(json.dumps(told) if as_json else f"{number} → {base}/inbound")
    if owned[number].voice_url:
        typer.echo(f"It went to {owned[number].voice_url} before.", err=True)


def _warn_unless_answered(url: str) -> None:
    """The route refuses what Twilio did not sign, with 403; anything else is not the route."""
    import httpx

    try:
        status = str(httpx.post(url, timeout=15).status_code)
    except httpx.TransportError:
        status = "no connection"
    if status != "403":
        typer.echo(
            f"Nobody takes calls at {url} yet ({status}): deploy, or callers hear an error.",
            err=True,
        )


@dataclass(frozen=True)
class Number:
    """A number of the account."""

    sid: str
    number: str
    voice: bool
    """Whether it can phone at all."""
    voice_url: str
    """What Twilio asks when it is phoned; empty: nobody."""


class Numbers:
    """The account's numbers, over Twilio's REST API."""

    def __init__(self, base_url: str, account_sid: str, auth_token: str) -> None:
        self._base = base_url
        self._path = f"/2010-04-01/Accounts/{quote(account_sid)}/IncomingPhoneNumbers"
        self._credentials = (account_sid, auth_token)

    @classmethod
    def of(cls, env: str | None) -> "Numbers":
        """Those of the account whose credentials are that environment's secrets."""
        from calls.settings import Settings

        secrets = Parameters(env).read()
        try:
            sid, token = secrets["twilio/account-sid"], secrets["twilio/auth-token"]
        except KeyError:
            raise DialoutError(
                "Twilio's credentials are not set: run `dialout secrets set` first"
            ) from None
        return cls(Settings().twilio_api_base_url, sid, token)

    def all(self) -> list[Number]:
        """Every number, over all pages."""
        found: list[Number] = []
        page: str | None = f"{self._path}.json?PageSize=100"
        while page:
            body = self._ask("GET", page)
            found += [_number(each) for each in body["incoming_phone_numbers"]]
            page = body.get("next_page_uri")
        return found

    def point(self, sid: str, *, voice_url: str, status_url: str) -> None:
        """Have Twilio ask ``voice_url`` when the number is phoned."""
        form = {
            "VoiceUrl": voice_url,
            "VoiceMethod": "POST",
            "StatusCallback": status_url,
            "StatusCallbackMethod": "POST",
            # An application would win over the URL.
            "VoiceApplicationSid": "",
        }
        self._ask("POST", f"{self._path}/{quote(sid)}.json", form)

    def _ask(self, method: str, path: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        import httpx

        try:
            answer = httpx.request(
                method, self._base + path, data=form, auth=self._credentials, timeout=15
            )
        except httpx.TransportError as error:
            raise UnreachableError("Twilio does not answer") from error
        body: dict[str, Any] = answer.json() if answer.content[:1] == b"{" else {}
        if answer.status_code >= 400:
            raise ApiError(
                answer.status_code,
                f"twilio {body.get('code', answer.status_code)}",
                "Twilio does not know these credentials; `dialout secrets set twilio/account-sid "
                "twilio/auth-token`"
                if answer.status_code == 401
                else str(body.get("message", "")),
            )
        return body


def _number(resource: dict[str, Any]) -> Number:
    return Number(
        sid=resource["sid"],
        number=resource["phone_number"],
        voice=bool(resource["capabilities"]["voice"]),
        voice_url=resource.get("voice_url") or "",
    )
