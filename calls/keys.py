"""API keys: named, kept as hashes, compared in constant time."""

import hashlib
import hmac
import json
import secrets
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class ApiKey(BaseModel):
    """One key as it is kept. The key itself was shown once, when it was made."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    created_at: datetime


_LIST = TypeAdapter(list[ApiKey])


def generate() -> str:
    """A new key: 256 random bits, so that a plain SHA-256 of it is enough."""
    return "dialout_" + secrets.token_urlsafe(32)


def sha256(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def dump(keys: list[ApiKey]) -> str:
    """The text of the ``api-keys`` secret."""
    return json.dumps([key.model_dump(mode="json") for key in keys], separators=(",", ":"))


def parse(secret: str) -> list[ApiKey]:
    """The keys in the ``api-keys`` secret.

    Raises:
        pydantic.ValidationError: it was not written by ``dump``.
    """
    return _LIST.validate_json(secret)


def owner(presented: str, keys: list[ApiKey]) -> str | None:
    """The name of the key that was presented, or None. Looks at every key, always."""
    digest = sha256(presented)
    found = None
    for key in keys:
        if hmac.compare_digest(digest, key.sha256):
            found = key.name
    return found
