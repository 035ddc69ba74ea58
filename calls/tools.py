"""What an agent may do beside talking, as its file declares it.

``end_call`` and ``do_not_call`` are every agent's; ``record_answer`` comes with an ``outcome``.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, field_validator

from calls.phone_number import e164
from calls.vendor_choice import Section
from calls.web_address import https

RESERVED = {
    "do_not_call", "end_call", "record_answer", "schedule_callback", "send_digits",
    "start_recording", "transfer_call",
}  # fmt: skip
"""The product's own tools."""
Https = Annotated[str, Field(max_length=2000), AfterValidator(https)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


def _is_object_schema(schema: dict[str, Any]) -> dict[str, Any]:
    import jsonschema  # here: most agents declare no schema, and a function starts faster

    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise ValueError(f"not a JSON schema: {error.message}") from error
    if schema.get("type") != "object":
        raise ValueError("the schema has to be of `type: object`, with `properties`")
    return schema


ObjectSchema = Annotated[dict[str, Any], AfterValidator(_is_object_schema)]
"""A JSON schema (draft 2020-12) of an object."""


class TransferTarget(Section):
    """Somebody to whom the call may be handed. There are no others."""

    number: Annotated[str, AfterValidator(e164)]
    description: str = Field(min_length=1, max_length=300)
    """Told to the LLM: when to transfer here."""
    webhook_url: Https | None = None
    """Gets a summary of the conversation, signed, as the call is handed over."""


class HttpTool(Section):
    """A tool that is a request to one of the user's own addresses, signed with the webhook secret.

    The answer, JSON or text, is given to the LLM.
    """

    description: str = Field(min_length=1, max_length=1000)
    """Told to the LLM: what it does, and when to use it."""
    url: Https
    parameters: ObjectSchema = Field(default_factory=lambda: {"type": "object", "properties": {}})
    """What the LLM has to give; posted as JSON."""
    filler: str | None = Field(None, max_length=200)
    """Said while the answer is waited for; by default one of the language's."""


class Tools(Section):
    """The tools of one agent."""

    schedule_callback: bool = False
    """Call this callee, and nobody else, back at a time that they ask for."""
    send_digits: bool = False
    """Press keys: in the menus of a machine that answered."""
    transfer_call: dict[Name, TransferTarget] = Field(default_factory=dict)
    """The only places that a call may be transferred to, by the name that the LLM uses."""
    http: dict[Name, HttpTool] = Field(default_factory=dict)
    """The agent's own, by the name that the LLM uses."""

    @field_validator("http")
    @classmethod
    def _are_no_others(cls, tools: dict[str, HttpTool]) -> dict[str, HttpTool]:
        taken = sorted(RESERVED & tools.keys())
        if taken:
            raise ValueError(f"{taken[0]!r} is a tool of every agent's: choose another name")
        return tools
