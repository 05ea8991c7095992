"""A block that calls an address of the web."""

from __future__ import annotations

from typing import Any, Literal

import pydantic
from pydantic import Field, SecretStr

from headrace.blocks.core import Block
from headrace.types import SecretDict

#: Seconds until an answer comes.
TIMEOUT = 30.0


class Webhook(Block):
    """An address to call when something happens.

    Attributes:
        method: the HTTP method.
        url: the address, which is kept secret.
        headers: headers to send, which are kept secret.
        verify: whether the other side's certificate has to be in order.
    """

    _block_type_name = "Webhook"

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    url: SecretStr = Field(title="Webhook URL")
    headers: SecretDict = Field(default_factory=lambda: SecretDict({}))
    verify: bool = True

    @pydantic.field_validator("url", mode="after")
    @classmethod
    def _check_url(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("the address begins with http:// or https://")
        return url

    async def call(self, payload: dict[str, Any] | str | None = None) -> Any:
        """Call the address.

        Args:
            payload: what to send: a mapping as JSON, a text as it is.

        Returns:
            The answer, an `httpx.Response`, whatever its status.

        Raises:
            httpx.TransportError: nobody answers.
        """
        import httpx

        body = {"content": payload} if isinstance(payload, str) else {"json": payload}
        async with httpx.AsyncClient(verify=self.verify, timeout=TIMEOUT) as client:
            return await client.request(
                self.method,
                self.url.get_secret_value(),
                headers=self.headers.get_secret_value(),
                **(body if payload is not None else {}),
            )
