"""Variables: named JSON values that programs share.

    Variable.set("rate", 0.25, tags=["money"])
    Variable.get("rate", default=0.2)

`set`, `get` and `unset` are for any code, and in asynchronous code have to be awaited; `aset`,
`aget` and `aunset` are always coroutine functions.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, Field

from headrace.client import saved
from headrace.client.schemas.actions import VariableCreate
from headrace.client.shared import ask
from headrace.exceptions import ServiceError
from headrace.types import MAX_VARIABLE_NAME_LENGTH, StrictVariableValue
from headrace.utilities.asyncutils import dispatch

T = TypeVar("T")


class Variable(BaseModel, Generic[T]):
    """A variable.

    Attributes:
        name: its name: lowercase letters, numbers, dashes and underscores.
        value: any JSON value, of at most 5000 characters when it is written.
        tags: words to find it by.
    """

    name: str = Field(max_length=MAX_VARIABLE_NAME_LENGTH)
    value: StrictVariableValue
    tags: list[str] | None = None

    @classmethod
    async def aset(
        cls,
        name: str,
        value: StrictVariableValue,
        tags: list[str] | None = None,
        overwrite: bool = False,
    ) -> Variable[T]:
        """Give a variable a value, and make it if there is none.

        Args:
            name: its name.
            value: any JSON value.
            tags: its tags; by default none.
            overwrite: whether it may take the place of the value that the variable has.

        Raises:
            ValueError: there is one of that name, and it may not be overwritten.
            pydantic.ValidationError: the name or the value cannot be used.
        """
        new = VariableCreate(name=name, value=value, tags=tags or [])
        try:
            await ask(saved.set_variable(new.name, new.value, new.tags or [], overwrite))
        except ServiceError as error:
            if error.code != "Conflict":
                raise
            raise ValueError(
                f"Variable {name!r} already exists. Use `overwrite=True` to update it."
            ) from None
        return cls(name=new.name, value=new.value, tags=new.tags)

    @classmethod
    async def aget(cls, name: str, default: Any = None) -> Any:
        """The value of a variable, or `default` when there is none of that name."""
        found = await ask(saved.variable(name))
        return default if found is None else found["value"]

    @classmethod
    async def aunset(cls, name: str) -> bool:
        """Delete a variable; whether there was one."""
        try:
            await ask(saved.delete_variable(name))
        except ServiceError as error:
            if error.code != "NotFound":
                raise
            return False
        return True

    @classmethod
    def set(
        cls,
        name: str,
        value: StrictVariableValue,
        tags: list[str] | None = None,
        overwrite: bool = False,
        *,
        _sync: bool | None = None,
    ) -> Variable[T]:
        """Give a variable a value; see `aset`."""
        return cast("Variable[T]", dispatch(cls.aset(name, value, tags, overwrite), _sync))

    @classmethod
    def get(cls, name: str, default: Any = None, *, _sync: bool | None = None) -> Any:
        """The value of a variable; see `aget`."""
        return dispatch(cls.aget(name, default), _sync)

    @classmethod
    def unset(cls, name: str, *, _sync: bool | None = None) -> bool:
        """Delete a variable; see `aunset`."""
        return cast(bool, dispatch(cls.aunset(name), _sync))
