"""Class methods that are flows or tasks, on every Python.

    class Shop:
        @classmethod
        @task
        def restock(cls, item: str) -> None: ...

    Shop.restock.submit("flour")

Up to Python 3.12 a `classmethod` binds what it wraps by its own `__get__`, so that `Shop.restock`
is a task. From 3.13 on it is a plain method, whose `submit` knows of no class. So the class is
given the task itself in the place of the `classmethod`, as soon as it is made.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

#: Whether a `classmethod` leaves alone what it wraps.
NEEDED = sys.version_info >= (3, 13)

#: What stands in a class's body until the class is there. Models of pydantic and enums ignore
#: names of this form.
_NAME = "__headrace_class_methods__"

# The flags of code that has local variables; a class's body has none.
_LOCAL_VARIABLES = 0x1 | 0x2

_PACKAGE = __name__.partition(".")[0]


class _ClassMethods:
    """Python calls its `__set_name__` when the class is made whose body it stands in."""

    def __init__(self, kind: type[Any]) -> None:
        self.kind = kind

    def __set_name__(self, owner: type, name: str) -> None:
        delattr(owner, name)
        for attribute, value in list(vars(owner).items()):
            if isinstance(value, classmethod) and isinstance(value.__func__, self.kind):
                setattr(owner, attribute, value.__func__.of_class())


def watch(kind: type[Any]) -> None:
    """See to the class methods of the class whose body this is called from, if it is one's.

    Args:
        kind: what class methods may be, besides functions; its `of_class` makes it the class's own.
    """
    body = _body_around()
    if body is not None:
        body.f_locals.setdefault(_NAME, _ClassMethods(kind))


def _body_around() -> FrameType | None:
    """The frame of the class's body that called this package, if one did."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_own(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    if frame is None or frame.f_code.co_flags & _LOCAL_VARIABLES:
        return None
    return frame if "__qualname__" in frame.f_locals else None


def _is_own(module: str) -> bool:
    return module == _PACKAGE or module.startswith(f"{_PACKAGE}.")
