"""How a table's columns share its width: pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Args:
        key: its name for whoever draws the cells.
        title: its heading.
        width: the least width in cells.
        grow: its share of what is left over; 0 keeps it at `width`.
        most: the width it grows to at most, 0 for any.
        right: whether its text stands at the right.
        drop: the order in which columns give way where there is no room: the highest number first,
            0 never.
    """

    key: str
    title: str
    width: int
    grow: int = 0
    most: int = 0
    right: bool = False
    drop: int = 0


Layout = list[tuple[Column, int]]

#: Cells between two columns.
GAP = 2


def lay_out(columns: Sequence[Column], width: int) -> Layout:
    """Choose columns and their widths so that they fill `width` cells.

    Columns give way in their fixed order; when not even those that never do fit, the first growing
    one shrinks.
    """
    chosen = list(columns)

    def taken() -> int:
        return sum(column.width for column in chosen) + GAP * (len(chosen) - 1)

    while taken() > width and any(column.drop for column in chosen):
        chosen.remove(max(chosen, key=lambda column: column.drop))
    widths = {column.key: column.width for column in chosen}
    over = taken() - width
    if over > 0:
        victim = next((c for c in chosen if c.grow), chosen[0])
        widths[victim.key] = max(1, widths[victim.key] - over)
    else:
        _share(chosen, widths, -over)
    return [(column, widths[column.key]) for column in chosen]


def _share(chosen: Sequence[Column], widths: dict[str, int], left: int) -> None:
    """Hand `left` cells to the columns that grow, by their shares and up to their limits."""
    while left > 0:
        growing = [c for c in chosen if c.grow and (not c.most or widths[c.key] < c.most)]
        if not growing:
            return
        shares = sum(column.grow for column in growing)
        given = 0
        for column in growing:
            part = left * column.grow // shares
            if column.most:
                part = min(part, column.most - widths[column.key])
            widths[column.key] += part
            given += part
        if not given:
            widths[growing[0].key] += 1
            given = 1
        left -= given
