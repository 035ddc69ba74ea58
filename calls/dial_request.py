"""The body of ``POST /dialout``."""

from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    WithJsonSchema,
    model_validator,
)

from calls.consent import Consent
from calls.phone_number import e164
from calls.variable import Value
from calls.web_address import https

LARGEST = 2**53 - 1
"""The integer that every reader of JSON still reads as it was written (RFC 8259)."""
LONGEST = 2000
"""Characters of a variable's text."""


def _number(value: object) -> object:
    # JSON has 60 and 60.0 for the integer; "60" and true are none.
    if isinstance(value, (str, bool)):
        raise ValueError("give a number, without quotation marks")
    return value


def _plain(value: object) -> object:
    if isinstance(value, str):
        if len(value) > LONGEST:
            raise ValueError(f"it is longer than {LONGEST} characters")
    elif not isinstance(value, (int, float)) or not -LARGEST <= value <= LARGEST:
        raise ValueError(f"give text, true or false, or a number of at most {LARGEST}")
    return value


_PLAIN_SCHEMA = {
    "anyOf": [
        {"type": "string", "maxLength": LONGEST},
        {"type": "boolean"},
        {"type": "number", "minimum": -LARGEST, "maximum": LARGEST},
    ]
}
_NUMBER_SCHEMA = {
    "type": "string", "pattern": r"^\+[1-9][0-9]{6,14}$", "examples": ["+15550100001"],
}  # fmt: skip
_WEBHOOK_SCHEMA = {
    "type": "string", "maxLength": 2000, "pattern": "^https://[^ ]+$",
    "examples": ["https://example.com/calls"],
}  # fmt: skip
Unquoted = BeforeValidator(_number)
"""Of an ``int`` or a ``float`` in a body."""
Number = Annotated[str, AfterValidator(e164), WithJsonSchema(_NUMBER_SCHEMA)]
Variable = Annotated[Value, BeforeValidator(_plain), WithJsonSchema(_PLAIN_SCHEMA)]
Variables = Annotated[
    dict[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")], Variable],
    Field(max_length=50, json_schema_extra={"additionalProperties": False}),
]
Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=500)]],
    Field(max_length=20),
]
Webhook = Annotated[
    str, Field(max_length=2000), AfterValidator(https), WithJsonSchema(_WEBHOOK_SCHEMA)
]


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
    variables: Variables = Field(default_factory=dict)
    """What the agent's ``{{name}}`` stand for."""
    time_zone: str | None = Field(None, max_length=64)
    """Where the callee is, such as `Europe/Berlin`; by default where the number is."""
    max_call_seconds: Annotated[int, Field(ge=30, le=14_400), Unquoted] | None = None
    metadata: Metadata = Field(default_factory=dict)
    """Yours; comes back with the record."""

    webhook_url: Webhook | None = None
    """Where the call's events are posted to."""

    consent: Consent | None = None
    """That the callee agreed to be phoned; needed by agents whose purpose is marketing."""

    wait: StrictBool = False
    """Without a free seat or a turn now, wait in a queue for up to 15 minutes, instead of 503 or
    429."""

    dry_run: StrictBool = False
    """Phone nobody, and say what would happen: which rules allow the call, and which do not."""

    @model_validator(mode="after")
    def _not_to_oneself(self) -> "DialRequest":
        if self.to_number == self.from_number:
            raise ValueError("to_number and from_number are the same")
        return self
