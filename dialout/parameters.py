"""The environment's secrets in SSM, for writing. The product only ever reads them."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

Env = Annotated[
    str | None,
    typer.Option("--env", help="The environment; by default DIALOUT_ENV, or dev.", metavar="ENV"),
]


class Parameters:
    """SecureStrings under the environment's prefix."""

    def __init__(self, env: str | None, client: "SSMClient | None" = None) -> None:
        """Those of ``env``; None: of DIALOUT_ENV."""
        import boto3  # here: `dialout --help` needs none of it

        from calls.settings import Settings

        chosen = Settings() if env is None else Settings(DIALOUT_ENV=env)
        self.prefix = chosen.secrets_prefix
        self._client: SSMClient = client or boto3.client("ssm")

    def read(self) -> dict[str, str]:
        """All that are set, by their names below the prefix."""
        pages = self._client.get_paginator("get_parameters_by_path").paginate(
            Path=self.prefix, Recursive=True, WithDecryption=True
        )
        return {
            parameter["Name"].removeprefix(f"{self.prefix}/"): parameter["Value"]
            for page in pages
            for parameter in page["Parameters"]
        }

    def write(self, name: str, value: str) -> None:
        """Set one."""
        self._client.put_parameter(
            Name=f"{self.prefix}/{name}", Value=value, Type="SecureString", Overwrite=True
        )
