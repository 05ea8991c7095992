"""What the packages import is declared, and what is declared is imported and explained."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("sdk/headrace", "sdk/headrace_dask", "service/headrace_service", "tui/headrace_tui")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

#: What is needed by no import of ours: time zones, where the system has none.
NOT_IMPORTED = {"tzdata"}
#: What is there already where it is imported: fixtures for those who test with it.
THERE = {"pytest"}


def normal(name: str) -> str:
    """A distribution's name as all its spellings are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: list[str]) -> set[str]:
    """The distributions that requirements name."""
    return {normal(re.split(r"[^A-Za-z0-9._-]", each)[0]) for each in requirements}


def imported(source: str) -> set[str]:
    """The packages of others that a module's text imports, wherever it does."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {each.name.split(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return {name for name in names - sys.stdlib_module_names if not name.startswith("headrace")}


def distributions() -> set[str]:
    """What all that the packages import is distributed as."""
    sources = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    names = set().union(*(imported(path.read_text()) for path in sources))
    known = packages_distributions()
    return {normal(known.get(name, [name])[0]) for name in names}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    extras = PROJECT["optional-dependencies"]
    optional = {name for extra, given in extras.items() if extra != "dev" for name in given}
    ours = declared(PROJECT["dependencies"])
    assert ours - NOT_IMPORTED <= distributions() - THERE <= ours | declared(sorted(optional))


def test_each_dependency_is_explained() -> None:
    text = (ROOT / "docs/dependencies.md").read_text()
    told = {
        normal(name)
        for row in re.findall(r"^\| (`.*?) \|", text, re.M)
        for name in re.findall("`(.*?)`", row)
    }
    assert told == declared(PROJECT["dependencies"])


def test_what_is_imported_within_functions_is_seen() -> None:
    source = "import os, httpx\ndef f():\n    from rich.text import Text\nfrom . import x"
    assert imported(source) == {"httpx", "rich"}
