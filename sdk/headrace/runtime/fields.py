"""Attributes that are looked up anew each time, and can be replaced by environment variables."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Mapping

from headrace.context import current_settings

Fields = Mapping[str, Callable[[], object]]


def _as_time(text: str) -> datetime.datetime:
    time = datetime.datetime.fromisoformat(text)
    if time.tzinfo is None:
        return time.replace(tzinfo=datetime.UTC)
    return time.astimezone(datetime.UTC)


#: How the text of an environment variable becomes a value, by the type of what it replaces.
_READERS: dict[type, Callable[[str], object]] = {
    bool: lambda text: text.lower() == "true",
    int: int,
    float: float,
    str: str,
    type(None): str,
    datetime.datetime: _as_time,
}


def read_field(module: str, fields: Fields, name: str) -> object:
    """The attribute `name` of a module of `headrace.runtime`, now.

    Raises:
        AttributeError: there is none of that name, nor an environment variable for it.
        ValueError: an environment variable cannot replace what is no plain value.
    """
    variable = f"HEADRACE__RUNTIME__{module.rpartition('.')[2].upper()}__{name.upper()}"
    text = os.environ.get(variable)
    look_up = fields.get(name)
    if look_up is None:
        if text is not None and not name.startswith("__"):
            return text
        raise AttributeError(f"{module} has no attribute {name!r}")
    value = look_up()
    if text is None:
        return value
    reader = _READERS.get(type(value))
    if reader is None:
        raise ValueError(
            f"{variable} is set, but a {type(value).__name__} cannot be replaced by an environment "
            "variable; use monkeypatch instead"
        )
    return reader(text)


def first_address() -> str | None:
    """Where the service is, as the settings write it: the first address of several."""
    urls = current_settings().api_url
    return None if urls is None else urls.partition(",")[0]
