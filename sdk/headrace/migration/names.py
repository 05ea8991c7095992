"""Which names of a program are Prefect's: those that it imports from there."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import msgspec

from headrace.migration.words import VARIABLE, is_prefects

#: A line's number from 1 and a column from 0, as tokens tell them.
Place = tuple[int, int]

#: Functions whose first argument is the name of a module, or of a logger, which is called alike.
_TAKE_MODULES = frozenset(
    {"getLogger", "get_logger", "import_module", "importorskip", "find_spec", "version"}
)
#: Arguments that are such a name.
_MODULE_ARGUMENTS = frozenset({"logger", "logger_name", "module"})


class Names(msgspec.Struct):
    """The names of a program.

    Args:
        imported: what is imported from Prefect, under its own name.
        roots: names that lead to something of Prefect's, also those that the program chose.
        own: what the program calls so itself.
        imports: where imports from modules begin and end, and whether they are from Prefect.
        prose: where docstrings begin.
        annotations: where strings begin that are annotations.
        module_names: where strings begin that are names of modules or loggers.
    """

    imported: set[str]
    roots: set[str]
    own: set[str]
    imports: list[tuple[Place, Place, bool]]
    prose: set[Place]
    annotations: set[Place]
    module_names: set[Place]

    @classmethod
    def of(cls, tree: ast.Module, source: str) -> Names:
        """The names of a program that was parsed."""
        lines = source.encode().split(b"\n")
        names = cls(set(), set(), set(), [], set(), set(), set())
        for node in ast.walk(tree):
            names._note_import(node)
            names.own.update(_bound(node))
            for text in _docstring(node):
                names.prose.add(_place(text, lines))
            for text in _annotations(node):
                names.annotations.add(_place(text, lines))
            for text in _module_names(node):
                names.module_names.add(_place(text, lines))
        names.own -= names.imported
        return names

    def import_at(self, place: Place) -> bool | None:
        """Whether what is imported there, from a module, is Prefect's; None elsewhere."""
        for first, last, ours in self.imports:
            if first <= place < last:
                return ours
        return None

    def are_imported(self, name: str) -> bool:
        """Whether a name comes from Prefect as it is."""
        return name in self.imported or ("*" in self.imported and name not in self.own)

    def is_variable(self, name: str) -> bool:
        """Whether a name is that of a setting, and not of something of the program's own."""
        return VARIABLE.fullmatch(name) is not None and name not in self.own

    def is_prose(self, place: Place) -> bool:
        """Whether a docstring begins there."""
        return place in self.prose

    def is_annotation(self, place: Place) -> bool:
        """Whether a string that is an annotation begins there."""
        return place in self.annotations

    def is_module_name(self, place: Place) -> bool:
        """Whether a string that is the name of a module, or of a logger, begins there."""
        return place in self.module_names

    def _note_import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if is_prefects(alias.name):
                    if alias.asname is None:
                        self.imported.add(alias.name.partition(".")[0])
                    self.roots.add(alias.asname or alias.name.partition(".")[0])
        elif isinstance(node, ast.ImportFrom):
            ours = not node.level and is_prefects(node.module or "")
            end = (node.end_lineno or node.lineno, node.end_col_offset or 0)
            self.imports.append(((node.lineno, node.col_offset), end, ours))
            if ours:
                self.imported.update(alias.name for alias in node.names if alias.asname is None)
                self.roots.update(alias.asname or alias.name for alias in node.names)


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a node gives to something of the program's."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.arg(arg=name):
            yield name


def _docstring(node: ast.AST) -> Iterator[ast.Constant]:
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        match node.body:
            case [ast.Expr(value=ast.Constant(value=str()) as text), *_]:
                yield text


def _annotations(node: ast.AST) -> Iterator[ast.Constant]:
    found: list[ast.expr | None] = []
    match node:
        case ast.arg(annotation=annotation) | ast.AnnAssign(annotation=annotation):
            found.append(annotation)
        case ast.FunctionDef(returns=returns) | ast.AsyncFunctionDef(returns=returns):
            found.append(returns)
    for each in found:
        yield from _strings(each)


def _strings(node: ast.AST | None) -> Iterator[ast.Constant]:
    """The strings of an annotation that are annotations themselves."""
    match node:
        case None:
            return
        case ast.Constant(value=str()):
            yield node
        case ast.Subscript(value=ast.Name(id="Literal") | ast.Attribute(attr="Literal")):
            return  # they are values
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _strings(child)


def _module_names(node: ast.AST) -> Iterator[ast.Constant]:
    if not isinstance(node, ast.Call):
        return
    called = getattr(node.func, "attr", getattr(node.func, "id", ""))
    taken = node.args[:1] if called in _TAKE_MODULES else []
    taken += [each.value for each in node.keywords if each.arg in _MODULE_ARGUMENTS]
    for value in taken:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value


def _place(node: ast.Constant, lines: list[bytes]) -> Place:
    """Where a node begins, as tokens tell it: in letters."""
    return node.lineno, len(lines[node.lineno - 1][: node.col_offset].decode())
