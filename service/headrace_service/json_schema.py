"""Whether values fit a JSON Schema that a flow's code has told. Pure.

The service checks what it is given before anything is created; the flow checks again when it runs,
by its own types. So what is not understood here is let through.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

#: Problems that are told of at most, and characters of each; it may repeat the whole value.
MOST_PROBLEMS, LONGEST_MESSAGE = 20, 1000
#: How many references are followed in one check. A few that lead to each other often make millions
#: of steps; a value that takes so many is let through.
MOST_REFERENCES = 10_000

_references: ContextVar[Iterator[int]] = ContextVar("references")


#: What a flow takes for a truth value.
_TRUTHS = frozenset(["0", "1", "true", "false", "t", "f", "yes", "no", "y", "n", "on", "off"])


class _TooLong(Exception):
    """A check follows more than `MOST_REFERENCES` references."""


_LEFT_TO_THE_FLOW = (
    "pattern",
    "patternProperties",
    "uniqueItems",
    "unevaluatedItems",
    "unevaluatedProperties",
)


def defaults(schema: Mapping[str, Any]) -> dict[str, object]:
    """The values that an object's properties have where none are given, as far as they are told."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    return {
        name: about["default"]
        for name, about in properties.items()
        if isinstance(about, Mapping) and "default" in about
    }


def problems(
    schema: Mapping[str, Any],
    value: object,
    unknown: str = "there is no",
    *,
    text_tells: bool = True,
) -> list[tuple[str, str]]:
    """What is wrong with a value: the path of each part that does not fit, and why; a few of them.

    Args:
        schema: the schema. What it refers to is looked for within it, and nowhere else.
        value: plain values, as JSON makes them.
        unknown: how it is said that the value as a whole has names that it should not have.
        text_tells: whether text such as "5" is the number, or truth value, that it tells of.
    """
    from jsonschema.exceptions import UnknownType
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    no_sense = (UnknownType, Unresolvable, ArithmeticError, AttributeError, LookupError, TypeError)
    validator = _validator_class(text_tells)(dict(schema), registry=Registry())
    counted = _references.set(iter(range(MOST_REFERENCES)))
    try:
        found = list(itertools.islice(validator.iter_errors(value), MOST_PROBLEMS))
    except (*no_sense, ValueError, RecursionError, _TooLong):
        return []  # a schema that makes no sense refuses nobody
    finally:
        _references.reset(counted)
    errors = sorted(found, key=lambda error: len(error.absolute_path))
    return [
        (
            "".join(_steps(error.absolute_path)),
            _worded(error, "there is no" if error.absolute_path else unknown)[:LONGEST_MESSAGE],
        )
        for error in errors
    ]


def in_words(wrong: Sequence[tuple[str, str]]) -> str:
    """Problems as one text."""
    return "; ".join(f"{path}: {what}" if path else what for path, what in wrong)


def _worded(error: Any, unknown: str) -> str:
    """What is wrong in words; names that there are not beside those that there are."""
    known = error.schema.get("properties") if isinstance(error.schema, Mapping) else None
    if error.validator != "additionalProperties" or not isinstance(known, Mapping):
        return str(error.message)
    extra = ", ".join(repr(name) for name in error.instance if name not in known)
    return f"{unknown} {extra}; it has {', '.join(known) or 'none'}"


def _steps(path: Any) -> Iterator[str]:
    for index, step in enumerate(path):
        yield f"[{step}]" if isinstance(step, int) else f".{step}" if index else step


def _tells_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _tells_truth(text: str) -> bool:
    return text.lower() in _TRUTHS


@functools.cache
def _validator_class(text_tells: bool) -> Any:
    """The validator; made when it is first needed, since it takes 100 ms to load.

    Patterns, and what compares each part of a value with all others, are left to the flow: a
    hostile schema could keep the service busy for ever.
    """
    from jsonschema import validators

    known = validators.Draft202012Validator

    def unchecked(*_: object) -> Iterator[Any]:
        return iter(())

    def counted(keyword: str) -> Any:
        follow = known.VALIDATORS[keyword]

        def reference(*asked: Any) -> Iterator[Any]:
            if next(_references.get(), None) is None:
                raise _TooLong
            yield from follow(*asked)

        return reference

    strict = known.TYPE_CHECKER
    lenient = strict.redefine_many(
        {
            name: lambda checker, value, name=name, told=told: (
                told(value) if isinstance(value, str) else strict.is_type(value, name)
            )
            for name, told in (
                ("integer", _tells_number),
                ("number", _tells_number),
                ("boolean", _tells_truth),
            )
        }
    )
    keywords = dict.fromkeys(_LEFT_TO_THE_FLOW, unchecked)
    keywords |= {keyword: counted(keyword) for keyword in ("$ref", "$dynamicRef")}
    make: Any = validators.extend
    return make(known, validators=keywords, type_checker=lenient if text_tells else strict)
