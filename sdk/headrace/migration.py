"""Programs written for Prefect, made headrace's: the substitution, and what it leaves open.

Pure functions over text; `headrace migrate` reads and writes the files.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator

import msgspec

_WORD = re.compile(r"prefect", re.IGNORECASE)
_CASES = {"prefect": "headrace", "Prefect": "Headrace", "PREFECT": "HEADRACE"}

#: Addresses stay: they lead to Prefect's own pages and repositories, or to somebody's data.
_ADDRESS = re.compile(
    r"(?:[a-z][\w+.-]*://|[\w.+:/@-]*(?:prefect\.(?:io|cloud)|PrefectHQ))[^\s\"'<>)\]]*",
    re.IGNORECASE,
)

#: A requirement with its version, which says nothing about headrace.
_REQUIREMENT = re.compile(
    r"(?<![\w.-])prefect(?P<extras>\[[^\]\n]*\])?[ \t]*"
    r"(?:(?:===?|~=|!=|<=|>=|<|>)[ \t]*[\w.*+!-]+[ \t]*,?[ \t]*)+(?=$|[\s\"';#,])",
    re.MULTILINE,
)

#: What people find elsewhere here, by the beginning of its name.
_HINTS = {
    "headrace.blocks.notifications": "call your notifier in an on_failure hook",
    "headrace.server.schemas": "headrace.client.schemas.objects has State, StateType, FlowRun",
    "headrace.server": "the service is asked through GraphQL; see headrace.client",
    "headrace.docker": "flow.deploy() sends the code by value, and needs no image",
    "headrace.runner": "use flow.serve() or headrace.serve()",
    "headrace_": "headrace has no integration packages: use the library itself in a task",
}


class Open(msgspec.Struct, frozen=True):
    """Something that the substitution does not settle: where it stands, and what to do."""

    line: int
    name: str
    advice: str


def substitute(text: str) -> str:
    """`text` with the word `prefect` replaced by `headrace`, its case kept.

    Addresses stay as they are, those with `://` and those of Prefect's own pages. A requirement
    loses its version, which is one of Prefect's.
    """
    text = _REQUIREMENT.sub(lambda found: f"prefect{found['extras'] or ''}", text)
    parts, end = [], 0
    for address in _ADDRESS.finditer(text):
        parts += [_replace(text[end : address.start()]), address.group()]
        end = address.end()
    return "".join([*parts, _replace(text[end:])])


def _replace(text: str) -> str:
    return _WORD.sub(lambda found: _CASES.get(found.group(), "headrace"), text)


def open_points(source: str) -> list[Open]:
    """What a substituted Python program imports and headrace does not have.

    Modules of headrace are imported to find out, and nothing else is.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return [Open(error.lineno or 1, "syntax error", f"it could not be looked at: {error.msg}")]
    found = {}
    for line, module, name in _imports(tree):
        whole = module if name is None else f"{module}.{name}"
        if not _exists(module, name):
            found[whole] = Open(line, whole, advice_for(whole))
    return sorted(found.values(), key=lambda point: (point.line, point.name))


def advice_for(name: str) -> str:
    """What to use in place of something that has no counterpart."""
    for beginning, advice in _HINTS.items():
        if name.startswith(beginning):
            return advice
    return "it has no counterpart; see docs/coming-from-prefect.md"


def _imports(tree: ast.AST) -> Iterator[tuple[int, str, str | None]]:
    """Each module, or name from a module, that a program imports from headrace: with its line."""
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if _is_ours(alias.name):
                    modules.add(alias.asname or alias.name.partition(".")[0])
                    yield node.lineno, alias.name, None
        elif isinstance(node, ast.ImportFrom) and not node.level and _is_ours(node.module or ""):
            for alias in node.names:
                yield node.lineno, node.module or "", None if alias.name == "*" else alias.name
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "headrace"
            and "headrace" in modules
        ):
            yield node.lineno, "headrace", node.attr


def _is_ours(module: str) -> bool:
    root = module.partition(".")[0]
    return root == "headrace" or root.startswith("headrace_")


def _exists(module: str, name: str | None) -> bool:
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        # One of headrace's own that needs an extra, such as Dask, is there all the same.
        return error.name is not None and not _is_ours(error.name)
    if name is None or hasattr(found, name):
        return True
    try:
        importlib.import_module(f"{module}.{name}")
    except ImportError:
        return False
    return True
