"""docs/settings.md is the table of what the code reads, and says nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from headrace.settings import Settings, read_settings
from headrace.settings.reading import READERS
from headrace_service.settings import SETTINGS, ServiceSettings

TEXT = (Path(__file__).parents[2] / "docs/settings.md").read_text()


def rows() -> dict[str, list[str]]:
    """The rows of the tables, by their variables."""
    found = {}
    for line in TEXT.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)][1:-1]
        if cells and cells[0].startswith("`"):
            for variable in re.findall(r"`(\w+)`", cells[0]):
                found[variable] = cells[1:]
    return found


def written(value: object) -> str:
    """A default as the table has it."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return f"`{int(value)}`"
    if isinstance(value, float):
        return f"`{value:g}`"
    return "" if value in ("", []) else f"`{value}`"


def test_every_setting_of_the_service_stands_in_the_table() -> None:
    assert [setting.name for setting in SETTINGS] == list(ServiceSettings.__struct_fields__)
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else ""
        assert rows()[setting.variable] == [f"`{setting.flag}`", default, setting.meaning]


def test_every_setting_of_scripts_stands_in_the_table() -> None:
    assert set(READERS) == set(Settings.__struct_fields__)
    defaults = read_settings({})
    for name in READERS:
        default, meaning = rows()[f"HEADRACE_{name.upper()}"][-2:]
        assert meaning
        if "HOME" not in default and name != "home":
            assert default == written(getattr(defaults, name)), name


def test_the_table_has_nothing_else() -> None:
    known = {f"HEADRACE_{name.upper()}" for name in READERS}
    known |= {setting.variable for setting in SETTINGS}
    assert set(rows()) - known <= {"NO_COLOR"}
