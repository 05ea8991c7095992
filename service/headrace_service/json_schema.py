"""Whether values fit a JSON Schema that a flow's code has told. Pure.

The service checks what it is given before anything is created; the flow checks again when it runs,
by its own types. So what is not understood here is let through.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any


def problems(schema: Mapping[str, Any], value: object) -> list[tuple[str, str]]:
    """What is wrong with a value: the path of each part that does not fit, and why.

    Args:
        schema: the schema. What it refers to is looked for within it, and nowhere else.
        value: plain values, as JSON makes them.
    """
    from jsonschema.exceptions import UnknownType
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    validator = _validator_class()(dict(schema), registry=Registry())
    try:
        errors = sorted(validator.iter_errors(value), key=lambda error: len(error.absolute_path))
    except (UnknownType, Unresolvable, ArithmeticError, LookupError, TypeError, ValueError):
        return []  # a schema that makes no sense refuses nobody
    return [("".join(_steps(error.absolute_path)), error.message) for error in errors]


def _steps(path: Any) -> Iterator[str]:
    for index, step in enumerate(path):
        yield f"[{step}]" if isinstance(step, int) else f".{step}" if index else step


@functools.cache
def _validator_class() -> Any:
    """The validator; made when it is first needed, since it takes 100 ms to load.

    Text is a number or a truth value to it: a flow converts "5". Patterns are left to the flow: a
    hostile one could keep the service busy for ever.
    """
    from jsonschema import validators

    def unchecked(*_: object) -> Iterator[Any]:
        return iter(())

    known = validators.Draft202012Validator
    strict = known.TYPE_CHECKER
    lenient = strict.redefine_many(
        {
            name: lambda checker, value, name=name: (
                isinstance(value, str) or strict.is_type(value, name)
            )
            for name in ("integer", "number", "boolean")
        }
    )
    patterns = dict.fromkeys(("pattern", "patternProperties"), unchecked)
    make: Any = validators.extend
    return make(known, validators=patterns, type_checker=lenient)
