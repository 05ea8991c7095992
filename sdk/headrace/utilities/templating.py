"""Templates with placeholders: `{{ name }}`, `{{ outer.inner }}`, and `{{ $VARIABLE }}`.

>>> apply_values({"image": "{{ image }}:{{ tag }}"}, {"image": "etl", "tag": 3})
{'image': 'etl:3'}
"""

from __future__ import annotations

import enum
import logging
import os
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from headrace.utilities.annotations import NotSet
from headrace.utilities.collections import get_from_dict

_PLACEHOLDER = re.compile(r"({{\s*([\w\.\-\[\]$]+)\s*}})")

BLOCK_DOCUMENT_PLACEHOLDER_PREFIX = "headrace.blocks."
VARIABLE_PLACEHOLDER_PREFIX = "headrace.variables."
ENV_VAR_PLACEHOLDER_PREFIX = "$"


class PlaceholderType(enum.Enum):
    """What a placeholder stands for: a value, something of a block, a variable."""

    STANDARD = "standard"
    BLOCK_DOCUMENT = "block_document"
    VARIABLE = "variable"
    ENV_VAR = "env_var"


_PREFIXES = {
    BLOCK_DOCUMENT_PLACEHOLDER_PREFIX: PlaceholderType.BLOCK_DOCUMENT,
    VARIABLE_PLACEHOLDER_PREFIX: PlaceholderType.VARIABLE,
    ENV_VAR_PLACEHOLDER_PREFIX: PlaceholderType.ENV_VAR,
}


class Placeholder(NamedTuple):
    """A placeholder: as it stands in the template, its name, and its kind."""

    full_match: str
    name: str
    type: PlaceholderType


def determine_placeholder_type(name: str) -> PlaceholderType:
    """The kind of the placeholder of that name."""
    for prefix, kind in _PREFIXES.items():
        if name.startswith(prefix):
            return kind
    return PlaceholderType.STANDARD


def find_placeholders(template: Any) -> set[Placeholder]:
    """All placeholders of a template: a text, or lists and dicts of such.

    Raises:
        ValueError: it is of another type.
    """
    if isinstance(template, str):
        return {
            Placeholder(whole, name, determine_placeholder_type(name))
            for whole, name in _PLACEHOLDER.findall(template)
        }
    if isinstance(template, dict):
        return set().union(*map(find_placeholders, template.values()))
    if isinstance(template, list):
        return set().union(*map(find_placeholders, template))
    if template is None or isinstance(template, int | float):
        return set()
    raise ValueError(f"Unexpected type: {type(template)}")


def apply_values(
    template: Any,
    values: dict[str, Any],
    remove_notset: bool = True,
    warn_on_notset: bool = False,
    skip_prefixes: list[str] | None = None,
) -> Any:
    """The template with values in the places of its placeholders.

    A text that is nothing but one placeholder becomes the value itself, of any type; or `NotSet`,
    if there is none.

    Args:
        template: a text, or lists and dicts of such.
        values: by name; a dotted name leads into a dict.
        remove_notset: whether what has no value is left out of dicts, lists and texts; else it
            stays as it stands in the template.
        warn_on_notset: whether to log a warning for it.
        skip_prefixes: placeholders whose names begin so are left alone.

    Raises:
        ValueError: the template is of another type.
    """

    def filled(inner: Any) -> Any:
        return apply_values(inner, values, remove_notset, warn_on_notset, skip_prefixes)

    def kept(inner: Any, value: Any) -> Any:
        return inner if value is NotSet and not remove_notset else value

    if template is NotSet or template is None or isinstance(template, int | float):
        return template
    if isinstance(template, str):
        skipped = tuple(skip_prefixes or ())

        def value_of(name: str) -> Any:
            value = _value_of(name, values)
            if value is NotSet and warn_on_notset:
                _warn(name)
            return value

        return _fill_in(template, value_of, skipped, remove_notset)
    if isinstance(template, dict):
        pairs = [(key, kept(inner, filled(inner))) for key, inner in template.items()]
        return {key: value for key, value in pairs if value is not NotSet}
    if isinstance(template, list):
        items = [kept(inner, filled(inner)) for inner in template]
        return [item for item in items if item is not NotSet]
    raise ValueError(f"Unexpected template type {type(template).__name__!r}")


def _fill_in(
    template: str,
    value_of: Callable[[str], Any],
    skipped: tuple[str, ...],
    remove_notset: bool,
) -> Any:
    def is_known(name: str) -> bool:
        kind = determine_placeholder_type(name)
        known = (PlaceholderType.STANDARD, PlaceholderType.ENV_VAR)
        return kind in known and not name.startswith(skipped)

    alone = _PLACEHOLDER.fullmatch(template)
    if alone is not None and is_known(alone[2]) and not alone[2].startswith("$"):
        return value_of(alone[2])

    def text_for(match: re.Match[str]) -> str:
        if not is_known(match[2]):
            return match[1]
        value = value_of(match[2])
        if value is NotSet:
            return "" if remove_notset else match[1]
        return str(value)

    return _PLACEHOLDER.sub(text_for, template)


def _value_of(name: str, values: dict[str, Any]) -> Any:
    if name.startswith(ENV_VAR_PLACEHOLDER_PREFIX):
        return os.environ.get(name.lstrip(ENV_VAR_PLACEHOLDER_PREFIX), NotSet)
    return get_from_dict(values, name, NotSet)


def _warn(name: str) -> None:
    logging.getLogger("headrace.utilities.templating").warning(
        "Value for placeholder %r not found in provided values. Please ensure that the placeholder "
        "is spelled correctly and that the corresponding value is provided.",
        name,
    )
