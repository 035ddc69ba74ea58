"""The body of ``POST /dialout``."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from calls.agent import Value
from calls.phone_number import e164
from calls.web_address import https

Number = Annotated[str, AfterValidator(e164)]


class DialRequest(BaseModel):
    """Who is to be phoned, and by which agent."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"to_number": "+15550100001", "from_number": "+15550000001"}]
        },
    )

    to_number: Number
    """Who is phoned, in E.164."""
    from_number: Number | None = None
    """The caller's number, one of yours at Twilio; by default DIALOUT_DEFAULT_FROM_NUMBER."""
    agent: str | None = Field(None, max_length=40)
    """The name of a file in ``agents/``."""
    variables: dict[
        Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")],
        Annotated[Value, Field(union_mode="left_to_right")],
    ] = Field(default_factory=dict, max_length=50)
    """What the agent's ``{{name}}`` stand for."""
    time_zone: str | None = Field(None, max_length=64)
    """Where the callee is, such as `Europe/Berlin`; by default where the number is."""
    max_call_seconds: int | None = Field(None, ge=30, le=14_400)
    metadata: dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=500)]] = (
        Field(default_factory=dict, max_length=20)
    )
    """Yours; comes back with the record."""

    webhook_url: Annotated[str, Field(max_length=2000), AfterValidator(https)] | None = None
    """Where the call's events are posted to."""

    wait: bool = False
    """Without a free seat or a turn now, wait in a queue for up to 15 minutes, instead of 503 or
    429."""

    @model_validator(mode="after")
    def _variables_are_short(self) -> "DialRequest":
        for name, value in self.variables.items():
            if isinstance(value, str) and len(value) > 2000:
                raise ValueError(f"variable {name} is longer than 2000 characters")
        return self

    @model_validator(mode="after")
    def _not_to_oneself(self) -> "DialRequest":
        if self.to_number == self.from_number:
            raise ValueError("to_number and from_number are the same")
        return self
