"""Settings in the file, set and taken away; all else that stands there, comments too, stays."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path

from headrace.exceptions import InvalidSetting
from headrace.settings.files import name_of, variables_of

_TABLE = re.compile(r"\s*\[\s*([\w.\- ]+?)\s*\]\s*(#.*)?")
_LINE = re.compile(r"\s*([\w.\-]+)\s*=")


def edit(path: Path, name: str, value: str | None) -> None:
    """Set a setting in the file, which is made if need be; None takes it away.

    Args:
        path: the file.
        name: the setting, such as `logging_level`.
        value: its value, as a variable would have it.

    Raises:
        InvalidSetting: the file is no TOML, the value cannot be used, or the file is written in a
            way that this does not follow.
    """
    before = path.read_text("utf-8") if path.exists() else ""
    after = edited(before, name, value)
    wanted = variables_of(before, path)
    variable = f"HEADRACE_{name.upper()}"
    wanted.pop(variable, None)
    if value is not None:
        wanted[variable] = value
    if variables_of(after, path) != wanted:
        raise InvalidSetting(f"{path} sets {name!r} over several lines; change it there")
    _replace(path, after)


def edited(content: str, name: str, value: str | None) -> str:
    """The file's text with one setting changed; a new one stands before the first table."""
    line = None if value is None else f"{name} = {json.dumps(value, ensure_ascii=False)}\n"
    lines = content.splitlines(keepends=True)
    table = ""
    first_table: int | None = None
    kept: list[str] = []
    for each in lines:
        if header := _TABLE.fullmatch(each.rstrip("\r\n")):
            table = f"{header[1]}."
            first_table = len(kept) if first_table is None else first_table
        elif (key := _LINE.match(each)) and name_of(table + key[1]) == name:
            continue
        kept.append(each)
    if line is not None:
        at = len(kept) if first_table is None else first_table
        if at and not kept[at - 1].endswith("\n"):
            kept[at - 1] += "\n"
        kept.insert(at, line)
    return "".join(kept)


def _replace(path: Path, content: str) -> None:
    """Write the file as a whole: nobody sees half of it, and others of this machine none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number, beside = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # its owner's alone
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(content)
        if path.exists():
            Path(beside).chmod(path.stat().st_mode & 0o777)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink()
        raise
