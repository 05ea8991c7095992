"""What a rewritten program still asks for that headrace does not have."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import msgspec

from headrace.migration.words import has_counterpart, is_headraces, is_integration

#: What people find elsewhere here, by the beginning of its name.
_HINTS = {
    "headrace.blocks.notifications": "call your notifier in an on_failure hook",
    "headrace.server.schemas": "headrace.client.schemas.objects has State, StateType, FlowRun",
    "headrace.server": "the service is asked through GraphQL; see headrace.client",
    "headrace.docker": "flow.deploy() sends the code by value, and needs no image",
    "headrace.runner": "use flow.serve() or headrace.serve()",
    "prefect_": "headrace has no integration packages: use the library itself in a task",
}


class Open(msgspec.Struct, frozen=True):
    """Something that rewriting does not settle: where it stands, and what to do."""

    line: int
    name: str
    advice: str


def open_points(source: str) -> list[Open]:
    """What a rewritten Python program imports and headrace does not have.

    Modules of headrace are imported to find out, and nothing else is.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return [Open(error.lineno or 1, "syntax error", f"it could not be looked at: {error.msg}")]
    found = {}
    for line, module, name in _imports(tree):
        whole = module if name is None else f"{module}.{name}"
        if not has_counterpart(whole):
            found[whole] = Open(line, whole, advice_for(whole))
    return sorted(found.values(), key=lambda point: (point.line, point.name))


def advice_for(name: str) -> str:
    """What to use in place of something that has no counterpart."""
    for beginning, advice in _HINTS.items():
        if name.startswith(beginning):
            return advice
    return "it has no counterpart; see docs/coming-from-prefect.md"


def _imports(tree: ast.AST) -> Iterator[tuple[int, str, str | None]]:
    """Each module, or name from one, that a program imports from headrace or an integration.

    With its line.
    """
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if _is_looked_at(alias.name):
                    modules.add(alias.asname or alias.name.partition(".")[0])
                    yield node.lineno, alias.name, None
        elif (
            isinstance(node, ast.ImportFrom) and not node.level and _is_looked_at(node.module or "")
        ):
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


def _is_looked_at(module: str) -> bool:
    return is_headraces(module) or is_integration(module)
