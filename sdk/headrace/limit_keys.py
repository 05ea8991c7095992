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
    name, be it a dict or an object.

    Raises:
        UnknownParameter: there is no such parameter.
    """
    return _FIELD.sub(lambda found: _text(found[1], parameters), template)[:LONGEST]


def _text(path: str, parameters: Mapping[str, object]) -> str:
    value: object = parameters
    for name in path.split("."):
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif not name.startswith("_") and hasattr(value, name):
            value = getattr(value, name)
        else:
            known = ", ".join(sorted(parameters)) or "none"
            raise UnknownParameter(f"there is no parameter {path!r}; there are: {known}")
    return str(value)
