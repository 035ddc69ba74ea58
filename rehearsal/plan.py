"""Which parts of a rehearsal are real, and which are stood in for.

Pure: the environment comes in as a mapping.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ACCOUNT_SID = "AC00000000000000000000000000000001"
AUTH_TOKEN = "rehearsal-auth-token"  # noqa: S105 -- fixed, known to everybody, good for nothing else
API_KEY = "rehearsal"
FROM_NUMBER = "+15550000001"
VENDOR_KEY = "rehearsal"


class PlanError(Exception):
    """The environment asks for something that cannot be. The message says what to change."""


@dataclass(frozen=True)
class Vendor:
    """One vendor: real, or attached by its address, or (``base_url`` None) stood in for."""

    base_url: str | None
    key: str


@dataclass(frozen=True)
class Plan:
    """What to start, and what to attach to."""

    host: str
    """What the one origin binds: loopback, except inside a container."""
    port: int
    public_api_url: str
    public_ws_url: str
    account_sid: str
    twilio: Vendor
    deepgram: Vendor
    groq: Vendor
    api_key: str
    api_key_is_secret: bool
    """It was made at random: to be shown once."""
    from_number: str
    to_number: str | None
    """Whom to phone instead of the scenario's callee."""

    @property
    def folder(self) -> Path:
        """Where this run keeps what it writes; two side by side differ in their ports."""
        return Path(".rehearsal") / f"port-{self.port}"

    @property
    def logs(self) -> Path:
        """What every process of the run printed."""
        return self.folder / "logs"

    @property
    def origin(self) -> str:
        """The one address on this machine."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def has_softphone(self) -> bool:
        """Whether calls can ring at a page here: the phone network is ours."""
        return self.twilio.base_url is None

    @property
    def phones_really(self) -> bool:
        """Whether calls go out through Twilio itself."""
        return self.twilio.base_url == REAL_TWILIO


REAL_TWILIO = "https://api.twilio.com"
REAL_DEEPGRAM = "wss://api.deepgram.com"
REAL_GROQ = "https://api.groq.com/openai/v1"


def plan(environment: Mapping[str, str | None], port: int, host: str = "127.0.0.1") -> Plan:
    """What this environment asks for.

    Raises:
        PlanError: it contradicts itself.
    """
    env = {name: value for name, value in environment.items() if value}
    _both_or_none(env)
    tunnel = env.get("LOCAL_SERVER_URL", "").rstrip("/")
    own_account = "TWILIO_ACCOUNT_SID" in env
    twilio_url = env.get("TWILIO_API_BASE_URL") or (REAL_TWILIO if own_account else None)
    if twilio_url == REAL_TWILIO and not tunnel:
        raise PlanError(
            "TWILIO_ACCOUNT_SID is set, so Twilio itself would phone, but it cannot reach this "
            f"machine: set LOCAL_SERVER_URL to a tunnel to port {port} (`ngrok http {port}` prints "
            "one), or take TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN out of .env"
        )
    if tunnel and urlsplit(tunnel).scheme != "https":
        raise PlanError("LOCAL_SERVER_URL has to begin with https://: Twilio streams over wss only")
    public = tunnel or f"http://127.0.0.1:{port}"
    secret_key = bool(tunnel or own_account)
    return Plan(
        host=host,
        port=port,
        public_api_url=public,
        public_ws_url=public.replace("http", "ws", 1) + "/ws",
        account_sid=env.get("TWILIO_ACCOUNT_SID", ACCOUNT_SID),
        twilio=Vendor(twilio_url, env.get("TWILIO_AUTH_TOKEN", AUTH_TOKEN)),
        deepgram=_vendor(env, "DEEPGRAM", REAL_DEEPGRAM),
        groq=_vendor(env, "GROQ", REAL_GROQ),
        api_key=secrets.token_urlsafe(24) if secret_key else API_KEY,
        api_key_is_secret=secret_key,
        from_number=env.get("FROM_NUMBER", FROM_NUMBER),
        to_number=env.get("TO_NUMBER") if own_account else None,
    )


def _vendor(env: Mapping[str, str], name: str, real: str) -> Vendor:
    key = env.get(f"{name}_API_KEY")
    return Vendor(env.get(f"{name}_BASE_URL") or (real if key else None), key or VENDOR_KEY)


def _both_or_none(env: Mapping[str, str]) -> None:
    if ("TWILIO_ACCOUNT_SID" in env) != ("TWILIO_AUTH_TOKEN" in env):
        raise PlanError("set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN both, or neither")
    if env.get("TWILIO_ACCOUNT_SID") and env.get("FROM_NUMBER") is None:
        if env.get("TWILIO_API_BASE_URL"):
            return
        raise PlanError("set FROM_NUMBER to a number of your Twilio account")
