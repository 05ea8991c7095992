"""Whether values fit a JSON Schema: the part of it that describes the parameters of flows. Pure.

What is not understood is let through: the flow checks its parameters again when it runs.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}

#: How a bound is told, and whether a value keeps it.
_BOUNDS: Mapping[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "minimum": ("at least", operator.ge),
    "exclusiveMinimum": ("more than", operator.gt),
    "maximum": ("at most", operator.le),
    "exclusiveMaximum": ("less than", operator.lt),
}


def problems(schema: Mapping[str, Any], parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with a flow's parameters: each parameter's path, and what it should be.

    Args:
        schema: the schema of all parameters, an object with `properties` and `required`.
        parameters: the arguments by name.
    """
    properties = schema.get("properties") or {}
    found = [
        (name, "is required") for name in schema.get("required") or () if name not in parameters
    ]
    if not schema.get("additionalProperties", False):
        known = ", ".join(properties) or "none"
        found += [
            (name, f"is no parameter of the flow, which has: {known}")
            for name in parameters
            if name not in properties
        ]
    for name, value in parameters.items():
        if name in properties:
            found += _check(name, properties[name], value, schema)
    return found


def _check(
    path: str, schema: Mapping[str, Any], value: Any, root: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    schema = _followed(schema, root)
    if (choices := schema.get("anyOf") or schema.get("oneOf")) is not None:
        if not any(not list(_check(path, choice, value, root)) for choice in choices):
            yield path, f"fits none of the allowed forms: {_shown(value)}"
        return
    for part in schema.get("allOf") or ():
        yield from _check(path, part, value, root)
    kinds = schema.get("type")
    if kinds is not None and not _is_of(value, kinds):
        yield path, f"should be of type {kinds}, not {_shown(value)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        allowed = ", ".join(map(repr, schema["enum"]))
        yield path, f"should be one of {allowed}, not {_shown(value)}"
    if "const" in schema and value != schema["const"]:
        yield path, f"should be {schema['const']!r}, not {_shown(value)}"
    yield from _check_bounds(path, schema, value)
    yield from _check_inside(path, schema, value, root)


def _followed(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference such as `#/definitions/Point` leads to."""
    while "$ref" in schema:
        target: Any = root
        for step in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target.get(step, {}) if isinstance(target, dict) else {}
        schema = target
    return schema


def _is_of(value: Any, kinds: str | list[str]) -> bool:
    names = [kinds] if isinstance(kinds, str) else kinds
    if isinstance(value, bool):
        return "boolean" in names
    if isinstance(value, float) and value.is_integer() and "integer" in names:
        return True
    if any(isinstance(value, _TYPES.get(name, (object,))) for name in names):
        return True
    # "5" is a number to a flow, which converts its parameters.
    return isinstance(value, str) and bool({"integer", "number", "boolean"} & set(names))


def _check_bounds(path: str, schema: Mapping[str, Any], value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    for key, (word, fits) in _BOUNDS.items():
        if key in schema and not fits(value, schema[key]):
            yield path, f"should be {word} {schema[key]}, not {value}"


def _check_inside(
    path: str, schema: Mapping[str, Any], value: Any, root: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        for index, item in enumerate(value):
            yield from _check(f"{path}[{index}]", schema["items"], item, root)
    if isinstance(value, dict):
        properties = schema.get("properties") or {}
        rest = schema.get("additionalProperties")
        for name in schema.get("required") or ():
            if name not in value:
                yield f"{path}.{name}", "is required"
        for name, item in value.items():
            if name in properties:
                yield from _check(f"{path}.{name}", properties[name], item, root)
            elif isinstance(rest, dict):
                yield from _check(f"{path}.{name}", rest, item, root)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
