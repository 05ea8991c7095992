"""Files and functions stay small enough to be read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [
    path
    for folder in ("sdk", "service", "tui", "tests", "bench", "examples", "docs")
    for path in sorted((ROOT / folder).rglob("*.py"))
]

#: Lines of a file at most, and of a function: what fits a screen with its docstring.
FILE, FUNCTION = 750, 75


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_can_be_read(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= FILE
    long = [
        f"{node.name} ({node.end_lineno - node.lineno + 1} lines)"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION
    ]
    assert long == []
