"""How much a document asks for, known before it is validated or executed.

Fragments let a short text ask for very much, and validating it compares all fields that become one
in the answer with one another. So the document is walked as it would be executed, fields of one
name at one place together, until it has come to an end or one of the bounds is passed.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from headrace_service.api.errors import InputError

#: How deep fields may be nested. A run's logs through a connection's edges are 6 deep; the question
#: for the whole schema, as tools put it, is 15.
MAX_DEPTH = 16
#: How many fields may be given another name.
MAX_ALIASES = 50
#: How many fields a query may have, with those of a fragment counted wherever it is used.
MAX_FIELDS = 10_000
#: How many fields may become one in the answer: in fragments, people ask for a thing several times.
MAX_REPEATS = 20


def check_measure(document: DocumentNode) -> None:
    """Make sure that a document stays within bounds.

    Raises:
        InputError: it does not.
    """
    walk = _Walk(document)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            walk.into([definition.selection_set], 1)


class _Walk:
    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            one.name.value: one.selection_set
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }
        self._fields = 0
        self._aliased = set[int]()

    def into(self, sets: Iterable[SelectionSetNode], depth: int) -> None:
        """Walk selection sets that are of one place in the answer."""
        if depth > MAX_DEPTH:
            raise _TooMuch(f"fields are nested to a depth of more than {MAX_DEPTH}")
        for fields in self._by_key(sets).values():
            if len(fields) > MAX_REPEATS:
                raise _TooMuch(f"more than {MAX_REPEATS} fields have one name at one place")
            inner = [field.selection_set for field in fields if field.selection_set is not None]
            if inner:
                self.into(inner, depth + 1)

    def _by_key(self, sets: Iterable[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """The fields of selection sets and of the fragments in them, by their names in the answer.

        A fragment counts once at a place, however often it stands there.
        """
        found: dict[str, list[FieldNode]] = {}
        waiting, seen = list(sets), set[str]()
        while waiting:
            for selection in waiting.pop().selections:
                if isinstance(selection, FieldNode):
                    self._count(selection)
                    key = (selection.alias or selection.name).value
                    found.setdefault(key, []).append(selection)
                elif isinstance(selection, InlineFragmentNode):
                    waiting.append(selection.selection_set)
                elif isinstance(selection, FragmentSpreadNode):
                    name = selection.name.value
                    if name not in seen and name in self._fragments:
                        seen.add(name)
                        waiting.append(self._fragments[name])
        return found

    def _count(self, field: FieldNode) -> None:
        self._fields += 1
        if field.alias is not None:
            self._aliased.add(id(field))
        if self._fields > MAX_FIELDS:
            raise _TooMuch(f"there are more than {MAX_FIELDS} fields, fragments included")
        if len(self._aliased) > MAX_ALIASES:
            raise _TooMuch(f"more than {MAX_ALIASES} fields are given aliases")


class _TooMuch(InputError):
    def __init__(self, message: str) -> None:
        super().__init__(f"query: {message}; ask in several queries", "query", "QueryTooLarge")
