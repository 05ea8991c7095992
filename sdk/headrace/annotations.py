"""Marks for the arguments of `.map`."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class unmapped(Generic[T]):
    """An argument of `.map` that goes to every call as it is, though it could be iterated over.

    task.map([1, 2, 3], unmapped([10, 20]))
    """

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value
