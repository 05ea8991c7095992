"""Single settings, by name, and other values for them for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from headrace.exceptions import InvalidSetting
from headrace.settings.current import TEMPORARY, get_settings
from headrace.settings.reading import ALIASES, READERS, read_one, read_settings
from headrace.settings.values import Settings


class Setting:
    """One setting, by the name of its variable: `HEADRACE_LOGGING_LEVEL.value()`."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def field(self) -> str:
        """Its name among the fields of `Settings`."""
        field = self.name.removeprefix("HEADRACE_").lower()
        return ALIASES.get(field, field)

    def value(self) -> Any:
        """What it is set to here."""
        return self.value_from(get_settings())

    def value_from(self, settings: Settings) -> Any:
        """What `settings` say of it."""
        return getattr(settings, self.field)

    def default(self) -> Any:
        """What it is when nobody sets it."""
        return getattr(read_settings({}), self.field)

    def __bool__(self) -> bool:
        return bool(self.value())

    def __str__(self) -> str:
        return str(self.value())

    def __repr__(self) -> str:
        return f"<{self.name}: {type(self.value()).__name__}>"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Setting):
            return self.name == other.name
        return bool(self.value() == other)

    def __hash__(self) -> int:
        return hash((Setting, self.name))


@contextlib.contextmanager
def temporary_settings(
    updates: Mapping[Setting | str, Any] | None = None,
    set_defaults: Mapping[Setting | str, Any] | None = None,
    restore_defaults: Iterable[Setting | str] | None = None,
) -> Iterator[Settings]:
    """Let other settings hold within, for this thread or coroutine and what it calls.

    Args:
        updates: new values, by setting or by name (`"logging.level"`); None restores the default.
        set_defaults: values for those that nobody has set.
        restore_defaults: settings to restore the defaults of.

    Raises:
        InvalidSetting: there is no such setting, or a value cannot be used.
    """
    settings = changed(get_settings(), updates, set_defaults, restore_defaults)
    token = TEMPORARY.set(settings)
    try:
        yield settings
    finally:
        TEMPORARY.reset(token)


def changed(
    base: Settings,
    updates: Mapping[Setting | str, Any] | None = None,
    set_defaults: Mapping[Setting | str, Any] | None = None,
    restore_defaults: Iterable[Setting | str] | None = None,
) -> Settings:
    """Settings with other values for some; see `temporary_settings`."""
    default = read_settings({})
    values = {name: getattr(base, name) for name in Settings.__struct_fields__}
    for setting, value in (set_defaults or {}).items():
        name = _field_of(setting)
        if values[name] == getattr(default, name):
            values[name] = _checked(name, value)
    for setting in restore_defaults or ():
        values[_field_of(setting)] = getattr(default, _field_of(setting))
    for setting, value in (updates or {}).items():
        name = _field_of(setting)
        values[name] = getattr(default, name) if value is None else _checked(name, value)
    return msgspec.convert(values, Settings)


def as_variables(settings: Settings, exclude_unset: bool) -> dict[str, str]:
    """The variables of the environment that make these settings; see `to_environment_variables`."""
    default = read_settings({})
    variables = {}
    for name in Settings.__struct_fields__:
        value = getattr(settings, name)
        if value is None or (exclude_unset and value == getattr(default, name)):
            continue
        is_names = isinstance(value, list) and all(isinstance(one, str) for one in value)
        variables[f"HEADRACE_{name.upper()}"] = ",".join(value) if is_names else str(value)
    return variables


def _field_of(setting: Setting | str) -> str:
    if isinstance(setting, Setting):
        return setting.field
    name = setting.lower().replace(".", "_").removeprefix("headrace_")
    name = ALIASES.get(name, name)
    if name not in READERS:
        raise InvalidSetting(f"'{setting}' is no setting of headrace; see docs/settings.md")
    return name


def _checked(name: str, value: object) -> object:
    """A value given by a program: of the right type already, or in the form of a variable."""
    if isinstance(value, str):
        return read_one(name, f"HEADRACE_{name.upper()}", value)
    if isinstance(value, bool | int | float) and name != "home":
        return read_one(name, f"HEADRACE_{name.upper()}", str(value))
    return value
