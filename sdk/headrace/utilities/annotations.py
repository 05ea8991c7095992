"""Marks around arguments, which tell the engine what to do with them.

scale.map([1, 2, 3], unmapped([10, 20]))   # the list goes to every call
report(allow_failure(fetch.submit()))      # runs though the fetch fails, and is given its error
count(quote(rows))                         # the rows are not searched for futures
load(opaque(fetch.submit()))               # the result is taken, but not searched any further
"""

from __future__ import annotations

from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")


class BaseAnnotation(tuple[T], Generic[T]):
    """A mark around one value; a tuple of it, so that it can be unpacked."""

    __slots__ = ()

    def __new__(cls, value: T) -> Self:
        return super().__new__(cls, (value,))

    @property
    def value(self) -> T:
        """What is marked."""
        marked: T = tuple.__getitem__(self, 0)
        return marked

    def unwrap(self) -> T:
        """What is marked."""
        return self.value

    def rewrap(self, value: T) -> Self:
        """The same mark around another value."""
        return type(self)(value)

    def __getnewargs__(self) -> tuple[T]:
        return (self.value,)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and super().__eq__(other)

    def __hash__(self) -> int:
        return super().__hash__()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"


class unmapped(BaseAnnotation[T]):
    """An argument of `.map` that goes to every call as it is, though it could be iterated over."""

    def __getitem__(self, index: object) -> T:  # type: ignore[override]
        """The value, whatever the index: as if there were one for each call."""
        return self.value


class allow_failure(BaseAnnotation[T]):
    """An argument that may fail: the call goes on, and gets the exception in its place."""


class quote(BaseAnnotation[T]):
    """An argument that is passed on as it is: futures and states within it are not looked for.

    A large value is passed on faster so. A flow that returns one returns the value within, whatever
    it is, without taking a state for its own.
    """

    def unquote(self) -> T:
        """What is marked."""
        return self.value


class opaque(BaseAnnotation[T]):
    """A future whose result is passed on without looking for futures and states within it."""


class freeze(BaseAnnotation[T]):
    """A deployment's parameter that is not to be changed where runs are created.

    Raises:
        ValueError: the value cannot be written as JSON.
    """

    def __new__(cls, value: T) -> Self:
        from pydantic_core import to_json  # slow to load, and only deployments need it

        try:
            to_json(value)
        except Exception:  # of whatever class the value is
            raise ValueError("Value must be JSON serializable") from None
        return super().__new__(cls, value)

    def unfreeze(self) -> T:
        """What is marked."""
        return self.value

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Tell pydantic that anything is valid, and is written without its mark."""
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.any_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(cls.unfreeze),
        )


class NotSet:
    """Stands for a value that was not given, where None is one that can be."""
