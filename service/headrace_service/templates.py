"""Texts with places for what is known of an event: `{{ event.id }}`. Pure.

A place holds a path: names with dots between them, or in brackets (`event.resource['a.b']`), and
perhaps `| tojson`. There are no expressions and no calls: what is filled in is looked up, and
nothing is executed. What is not there is filled in as nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

#: Key of a mapping that stands for a text with places, or for the JSON that such a text makes.
KIND = "__headrace_kind"

_PLACE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_NAME = r"[A-Za-z_][\w-]*"
_STEP = rf"""\.{_NAME}|\.\d+|\[\d+\]|\['[^']*'\]|\["[^"]*"\]"""
_PATH = re.compile(rf"\s*({_NAME}(?:{_STEP})*)\s*(\|\s*tojson\s*)?")
_STEPS = re.compile(rf"{_NAME}|{_STEP}")


def wrong_place(value: object) -> str | None:
    """The first place, within any text of a value, that is no path; None when all are."""
    if isinstance(value, str):
        for place in _PLACE.finditer(value):
            if not _PATH.fullmatch(place[1]):
                return place[0]
        return "{%" if "{%" in value else None
    within = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        return next((wrong for one in within if (wrong := wrong_place(one))), None)  # type: ignore[attr-defined]
    return None


def filled(value: Any, known: Mapping[str, Any]) -> Any:
    """A value whose texts have what is known in their places.

    Args:
        value: any JSON value. A mapping whose `__headrace_kind` is "jinja" is its `template`,
            filled; one that is "json" is what its `value`, filled, is as JSON.
        known: what can be looked up, by name.

    Raises:
        ValueError: what is to be JSON is none.
    """
    if isinstance(value, str):
        return _PLACE.sub(lambda place: _looked_up(place[1], known), value)
    if isinstance(value, list):
        return [filled(one, known) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get(KIND) == "jinja":
        return filled(value.get("template", ""), known)
    if value.get(KIND) == "json":
        text = filled(value.get("value", ""), known)
        return msgspec.json.decode(text) if isinstance(text, str) else text
    return {name: filled(one, known) for name, one in value.items()}


def _looked_up(place: str, known: Mapping[str, Any]) -> str:
    path = _PATH.fullmatch(place)
    if path is None:  # refused when it was given
        return ""
    found: Any = known
    for step in _STEPS.findall(path[1]):
        name = step.strip(".").strip("[]").strip("'\"")
        if isinstance(found, Mapping):
            found = found.get(name)
        elif isinstance(found, list) and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        else:
            found = None
    if path[2]:
        return msgspec.json.encode(found).decode()
    if found is None:
        return ""
    return found if isinstance(found, str) else msgspec.json.encode(found).decode()
