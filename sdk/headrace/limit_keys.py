"""Keys of concurrency limits: whose share of a limit a run, or a block of its code, takes."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Characters that a key may have.
LONGEST = 1024

_FIELD = re.compile(r"\{(?:parameters\.)?([^{}]*)\}")


class UnknownParameter(LookupError):
    """A template names a parameter that there is not."""


def key_of(template: str, parameters: Mapping[str, object]) -> str:
    """What a template such as `"{parameters.tenant}"` makes of a run's parameters.

    `{tenant}` is the same, and `{order.customer}` is what the parameter `order` has under that
    name, be it a dict or an object that holds data: what is computed, such as a method, is no data.

    Raises:
        UnknownParameter: there is no such parameter.
    """
    return _FIELD.sub(lambda found: _text(found[1], parameters), template)[:LONGEST]


def _text(path: str, parameters: Mapping[str, object]) -> str:
    value: object = parameters
    for name in path.split("."):
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif not name.startswith("_") and _holds(value, name):
            value = getattr(value, name)
        else:
            known = ", ".join(sorted(parameters)) or "none"
            raise UnknownParameter(f"there is no parameter {path!r}; there are: {known}")
    return str(value)


def _holds(value: object, name: str) -> bool:
    """Whether an object has data of that name: its own, or in a place that its class has for it."""
    if name in getattr(value, "__dict__", ()) or name in getattr(value, "_fields", ()):
        return True
    places = (vars(kind).get("__slots__", ()) for kind in type(value).__mro__)
    names = {each for place in places for each in ([place] if isinstance(place, str) else place)}
    return name in names and hasattr(value, name)
