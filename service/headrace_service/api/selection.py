"""What an operation asks for below a field, known before the field is answered."""

from __future__ import annotations

from collections.abc import Sequence

from strawberry.types.nodes import FragmentSpread, InlineFragment, Selection

from headrace_service.api.context import Info


def asks_for(info: Info, *path: str) -> bool:
    """Whether the field that is being answered is asked for the field at `path` below it.

    Args:
        info: the field's info.
        path: names of the schema, not of the answer.
    """
    return any(_has(field.selections, path) for field in info.selected_fields)


def _has(selections: Sequence[Selection], path: Sequence[str]) -> bool:
    for selection in selections:
        if isinstance(selection, FragmentSpread | InlineFragment):
            if _has(selection.selections, path):
                return True
        elif selection.name == path[0] and (len(path) == 1 or _has(selection.selections, path[1:])):
            return True
    return False
