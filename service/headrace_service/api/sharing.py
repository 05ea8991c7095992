"""What many subscribers get is made once, and answered once for all who ask for the same of it.

Ten who follow everything cost little more than one: an event becomes one object, which keeps the
answers that were given about it.
"""

from __future__ import annotations

from typing import Any

from graphql import BREAK, FragmentSpreadNode, Node, VariableNode, Visitor, visit

#: Selections that are remembered; then they all are forgotten.
REMEMBERED = 4_096

#: What is asked for: the nodes of the fields, which are the same ones for all who send the same
#: text.
Selection = tuple[Node, ...]


class Answers:
    """The answers that were given about one object, by what was asked for."""

    __slots__ = ("_given",)

    def __init__(self) -> None:
        self._given: dict[tuple[int, ...], tuple[Selection, dict[str, Any]]] = {}

    def get(self, asked: Selection) -> dict[str, Any] | None:
        """The answer, if there is one."""
        found = self._given.get(tuple(map(id, asked)))
        return None if found is None else found[1]

    def keep(self, asked: Selection, answer: dict[str, Any]) -> None:
        """Remember an answer, if it is the same for all who ask so, whatever their variables."""
        if _is_fixed(asked):
            # The nodes are kept with it: no others can have their ids.
            self._given[tuple(map(id, asked))] = asked, answer


_fixed: dict[tuple[int, ...], tuple[Selection, bool]] = {}


def _is_fixed(asked: Selection) -> bool:
    """Whether nothing that is asked for depends on variables."""
    key = tuple(map(id, asked))
    known = _fixed.get(key)
    if known is None:
        if len(_fixed) >= REMEMBERED:
            _fixed.clear()
        known = _fixed[key] = asked, not any(_varies(node) for node in asked)
    return known[1]


def _varies(node: Node) -> bool:
    """Whether there is a variable in it, or a fragment that may have some."""
    found = False

    class Look(Visitor):
        def enter(self, node: Node, *_: Any) -> Any:
            nonlocal found
            found = isinstance(node, VariableNode | FragmentSpreadNode)
            return BREAK if found else None

    visit(node, Look())
    return found
