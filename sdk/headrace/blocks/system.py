"""Blocks for what is not of any system in particular."""

from __future__ import annotations

import json
from typing import Annotated, Any, Generic, TypeVar

import pydantic
from pydantic import Field, JsonValue, SecretStr, StrictStr

from headrace.blocks.core import Block

T = TypeVar("T", bound=Annotated[StrictStr, Field()] | Annotated[JsonValue, Field()])


class Secret(Block, Generic[T]):
    """A value that is not printed, nor shown where blocks are listed.

    Example:
        >>> Secret(value="…").save("api-key")
        >>> Secret.load("api-key").get()
    """

    value: SecretStr | pydantic.Secret[T] = Field(
        description="A value that should be kept secret.",
        json_schema_extra={"writeOnly": True, "format": "password"},
    )

    @pydantic.field_validator("value", mode="before")
    @classmethod
    def _wrap(cls, value: Any) -> Any:
        if isinstance(value, pydantic.Secret | SecretStr):
            return value
        return pydantic.Secret[Any](value)

    def get(self) -> Any:
        """The value; a text that is JSON, as what it says."""
        value: Any = self.value.get_secret_value()
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
