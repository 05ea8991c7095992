"""Settings in a file: `headrace.toml` in the home folder, below what the environment says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from headrace.exceptions import InvalidSetting
from headrace.settings.reading import ALIASES, READERS, read_one

#: The file's name, in the folder that `HEADRACE_HOME` names.
NAME = "headrace.toml"

_SERVER = "server_"


def settings_file(environment: Mapping[str, str]) -> Path:
    """Where the file would be.

    Raises:
        InvalidSetting: `HEADRACE_HOME` names no folder.
    """
    home = environment.get("HEADRACE_HOME", "")
    folder = read_one("home", "HEADRACE_HOME", home if home.strip() else "~/.headrace")
    assert isinstance(folder, Path)
    return folder / NAME


def with_file(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The variables of an environment, and those that the file sets in the place of what is not.

    Raises:
        InvalidSetting: the file is no TOML, or sets what there is not; the message says where.
    """
    path = settings_file(environment)
    try:
        content = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return environment
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSetting(f"{path} cannot be read: {error}") from None
    found = variables_of(content, path)
    given = {name: text for name, text in environment.items() if text.strip()}
    for alias, name in ALIASES.items():
        if f"HEADRACE_{alias.upper()}" in given:
            found.pop(f"HEADRACE_{name.upper()}", None)
    return {**found, **given}


def variables_of(content: str, path: Path) -> dict[str, str]:
    """The variables that a file's text stands for: `[logging] level` is HEADRACE_LOGGING_LEVEL."""
    import tomllib  # only who has such a file pays for it

    try:
        tables = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSetting(f"{path} is no TOML: {error}") from None
    found = {}
    for key, value in _flat(tables):
        name = name_of(key)
        if name == "home" or (name not in READERS and not name.startswith(_SERVER)):
            raise InvalidSetting(f"{path}: {key!r} is no setting of headrace; see docs/settings.md")
        variable = f"HEADRACE_{name.upper()}"
        found[variable] = _text(value, key, path)
        if name in READERS:
            try:
                read_one(name, variable, found[variable])
            except InvalidSetting as error:
                raise InvalidSetting(f"{path}: {error}") from None
    return found


def name_of(key: str) -> str:
    """The setting that a key of the file stands for: `logging.level` is `logging_level`."""
    name = key.replace(".", "_").replace("-", "_").lower()
    return ALIASES.get(name, name)


def _flat(table: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def _text(value: object, key: str, path: Path) -> str:
    """A value as a variable would have it."""
    match value:
        case bool():
            return str(int(value))
        case str() | int() | float():
            return str(value)
        case [*items] if all(isinstance(item, str) for item in items):
            return ",".join(map(str, items))
        case [*items] if all(isinstance(item, int | float) for item in items):
            return str(items)
    raise InvalidSetting(f"{path}: {key!r} is neither a text, a number, true or false, nor a list")
