"""Every setting of the product, declared once. The environment is the only source."""

from functools import cache

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings under their environment names. None of them is a secret: those live in SSM."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    env: str = Field("dev", alias="DIALOUT_ENV", pattern=r"^[a-z][a-z0-9-]{0,15}$")
    """The environment's name, part of every resource's name."""
    table: str = Field("", alias="DIALOUT_TABLE")
    """DynamoDB table of the call records."""
    recordings_bucket: str = Field("", alias="DIALOUT_RECORDINGS_BUCKET")
    """S3 bucket that recordings are copied to from Twilio."""
    prepare_queue_url: str = Field("", alias="DIALOUT_PREPARE_QUEUE_URL")
    timed_queue_url: str = Field("", alias="DIALOUT_TIMED_QUEUE_URL")
    campaign_queue_url: str = Field("", alias="DIALOUT_CAMPAIGN_QUEUE_URL")

    timed_queue_arn: str = Field("", alias="DIALOUT_TIMED_QUEUE_ARN")
    """Of the same queue as the URL: EventBridge Scheduler wants ARNs."""
    schedule_group: str = Field("", alias="DIALOUT_SCHEDULE_GROUP")
    """The name of the group that timed calls are scheduled in."""
    schedule_role_arn: str = Field("", alias="DIALOUT_SCHEDULE_ROLE_ARN")
    """What a schedule acts as."""
    schedule_dead_letters_arn: str = Field("", alias="DIALOUT_SCHEDULE_DEAD_LETTERS_ARN")
    """The queue of firings that did not reach the timed queue."""

    console_origins: str = Field(
        "http://localhost:7860,http://127.0.0.1:7860",
        alias="DIALOUT_CONSOLE_ORIGINS",
        pattern=r"^(https?://[a-z0-9.-]+(:\d{1,5})?(,https?://[a-z0-9.-]+(:\d{1,5})?)*)?$",
    )
    """Where a browser may have the console from that asks this API, comma-separated; empty: from
    nowhere but the API's own address."""

    event_bus: str = Field("", alias="DIALOUT_EVENT_BUS")
    """EventBridge bus of the call events."""

    public_api_url: str = Field("", alias="DIALOUT_PUBLIC_API_URL")
    """Where Twilio reaches the API, without a trailing slash; Twilio signs over it."""
    public_ws_url: str = Field("", alias="DIALOUT_PUBLIC_WS_URL")
    """Where Twilio reaches the media service, with ``/ws``; Twilio signs over it too."""
    parameter_prefix: str = Field("", alias="DIALOUT_PARAMETER_PREFIX")
    """Where the secrets lie in SSM; by default ``/dialout/<env>``."""

    seats_per_task: int = Field(10, alias="DIALOUT_SEATS_PER_TASK", ge=1)
    calls_per_second: float = Field(1.0, alias="DIALOUT_CALLS_PER_SECOND", gt=0)
    max_concurrent_calls: int = Field(100, alias="DIALOUT_MAX_CONCURRENT_CALLS", ge=1)
    campaign_reserve: float = Field(0.1, alias="DIALOUT_CAMPAIGN_RESERVE", ge=0, lt=1)
    """The share of the seats that campaigns leave to single and timed calls, and to callers."""
    handover_seconds: float = Field(90.0, alias="DIALOUT_HANDOVER_SECONDS", gt=0, le=90)
    """A call on a task that is to stop, and that never falls quiet, changes hands after so long:
    ECS kills the task after 120."""
    max_call_seconds: int = Field(600, alias="DIALOUT_MAX_CALL_SECONDS", ge=30, le=14_400)
    max_calls_per_number_per_day: int = Field(3, alias="DIALOUT_MAX_CALLS_PER_NUMBER_PER_DAY", ge=0)
    """So often one number is dialled in a day of its own, answered or not; 0: any number of
    times."""
    allowed_countries: str = Field("", alias="DIALOUT_ALLOWED_COUNTRIES")
    """ISO codes, comma-separated; empty: the from number's country alone."""
    calling_window: str = Field(
        "08:00-21:00",
        alias="DIALOUT_CALLING_WINDOW",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$",
    )
    """When people may be phoned, in their own time; ``00:00-24:00`` is always."""
    default_from_number: str = Field("", alias="DIALOUT_DEFAULT_FROM_NUMBER")
    default_agent: str = Field("amelia", alias="DIALOUT_DEFAULT_AGENT")

    inbound_agent: str = Field("miss_harper", alias="DIALOUT_INBOUND_AGENT")
    """Who answers when somebody phones one of our numbers."""

    twilio_api_base_url: str = Field("https://api.twilio.com", alias="TWILIO_API_BASE_URL")
    deepgram_base_url: str = Field("wss://api.deepgram.com", alias="DEEPGRAM_BASE_URL")
    groq_base_url: str = Field("https://api.groq.com/openai/v1", alias="GROQ_BASE_URL")
    openai_base_url: str = Field("https://api.openai.com/v1", alias="OPENAI_BASE_URL")
    anthropic_base_url: str = Field("https://api.anthropic.com", alias="ANTHROPIC_BASE_URL")
    cartesia_base_url: str = Field("wss://api.cartesia.ai", alias="CARTESIA_BASE_URL")

    @field_validator(
        "public_api_url", "public_ws_url", "twilio_api_base_url", "deepgram_base_url",
        "groq_base_url", "openai_base_url", "anthropic_base_url", "cartesia_base_url",
        "parameter_prefix",
    )  # fmt: skip
    @classmethod
    def _no_trailing_slash(cls, url: str) -> str:
        # A doubled slash is another URL to Twilio's signature.
        return url.rstrip("/")

    @field_validator("public_api_url", "public_ws_url")
    @classmethod
    def _host_in_small_letters(cls, url: str) -> str:
        # Whoever asks there writes it so, and may sign it so.
        scheme, colon, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        return f"{scheme.lower()}{colon}{host.lower()}{slash}{path}"

    @property
    def secrets_prefix(self) -> str:
        """The SSM path that holds this environment's secrets, without a trailing slash."""
        return self.parameter_prefix or f"/dialout/{self.env}"


@cache
def settings() -> Settings:
    """This process's settings, read from the environment once.

    Raises:
        pydantic.ValidationError: a value is not what its setting takes; it names the setting.
    """
    return Settings()
