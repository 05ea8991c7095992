"""The word `prefect` in names: what it becomes, and which names have a counterpart."""

from __future__ import annotations

import importlib
import re

import msgspec

WORD = re.compile(r"prefect", re.IGNORECASE)
_CASES = {"prefect": "headrace", "Prefect": "Headrace", "PREFECT": "HEADRACE"}

#: Prefect's packages of integrations. Another `prefect_…` is the user's own. Only Dask's has a
#: counterpart; to rename the others would ask for packages that are nobody's.
INTEGRATIONS = frozenset(
    {"aws", "azure", "bitbucket", "dask", "databricks", "dbt", "docker", "email", "fivetran"}
    | {"gcp", "github", "gitlab", "kubernetes", "ray", "redis", "shell", "slack", "snowflake"}
    | {"sqlalchemy"}
)

VARIABLE = re.compile(r"PREFECT_[A-Z0-9_]+")

_THINGS = "flow|flow-run|task-run|deployment|work-pool|work-queue|automation|tag"
#: What events call things and their properties, and what templates call variables and blocks.
EVENT_WORD = re.compile(rf"prefect(?=\.(?:(?:{_THINGS})\.[^\s/]+|resource\.(?:id|name|role))$)")
EVENT_BEGINNING = re.compile(rf"prefect(?=\.(?:{_THINGS})\.$)")
PLACEHOLDER = re.compile(r"(?<=\{\{)(\s*)prefect(?=\.(?:variables|blocks)\.)")

#: Prefect's own pages and repositories, which stay, and are nothing to decide about.
PAGE = re.compile(
    r"[\w.+:/@-]*(?:prefect\.(?:io|cloud)|github\.com/PrefectHQ)[^\s\"'<>)\]]*",
    re.IGNORECASE,
)


class Left(msgspec.Struct, frozen=True):
    """A line with the word in it that was left as it is, since it may be data."""

    line: int
    text: str


class Rewritten(msgspec.Struct, frozen=True):
    """A text as headrace's, and what in it is for the user to decide."""

    text: str
    left: list[Left] = []


def renamed(name: str) -> str:
    """A name with the word replaced, its case kept."""
    return WORD.sub(lambda found: _CASES.get(found.group(), "headrace"), name)


def is_prefects(module: str) -> bool:
    """Whether a module is Prefect's, and so becomes headrace's."""
    return module.partition(".")[0] in ("prefect", "prefect_dask")


def is_integration(module: str) -> bool:
    """Whether a module is of one of Prefect's integrations, which stay as they are."""
    root = module.partition(".")[0]
    return root.startswith("prefect_") and root.removeprefix("prefect_") in INTEGRATIONS


def speaks_of_prefect(text: str) -> bool:
    """Whether the word stands in a text elsewhere than in the address of one of its pages."""
    return WORD.search(PAGE.sub("", text)) is not None


def has_counterpart(path: str) -> bool:
    """Whether headrace has what a dotted name such as `prefect.flows.Flow` leads to.

    Modules of headrace are imported to find out, and nothing else is.
    """
    first, *rest = renamed(path).split(".")
    if not is_headraces(first):
        return False
    name = first
    found: object = None
    for index, part in enumerate(["", *rest]):
        name = f"{name}.{part}" if part else name
        try:
            found = importlib.import_module(name)
        except ImportError as error:
            if error.name is not None and not is_headraces(error.name):
                return True  # it needs an extra, such as Dask, and is there all the same
            return bool(index) and _has(found, rest[index - 1 :])
    return True


def is_headraces(module: str) -> bool:
    """Whether a module is headrace's by its name."""
    root = module.partition(".")[0]
    return root == "headrace" or root.startswith("headrace_")


def _has(module: object, names: list[str]) -> bool:
    """Whether attributes, the one within the other, lead on from a module."""
    found = module
    for name in names:
        if not hasattr(found, name):
            return False
        found = getattr(found, name)
    return True
