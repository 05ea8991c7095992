"""Whose share of a limit a run takes."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from headrace.limit_keys import LONGEST, UnknownParameter, key_of


class Point(NamedTuple):
    x: int


@dataclass(slots=True)
class Bill:
    number: int

    def total(self) -> int:
        return 1


PARAMETERS = {
    "tenant": "mill",
    "number": 7,
    "order": {"customer": "forge"},
    "user": SimpleNamespace(name="Ada"),
    "point": Point(3),
    "bill": Bill(12),
}


@pytest.mark.parametrize(
    ("template", "key"),
    [
        ("plain", "plain"),
        ("{parameters.tenant}", "mill"),
        ("{tenant}", "mill"),
        ("{tenant}/{number}", "mill/7"),
        ("{parameters.order.customer}", "forge"),
        ("{user.name}", "Ada"),
        ("{point.x}-{bill.number}", "3-12"),
        ("x" * 2000, "x" * LONGEST),
    ],
)
def test_parameters_fill_the_braces(template: str, key: str) -> None:
    assert key_of(template, PARAMETERS) == key


NO_DATA = ["{tenant.upper}", "{number.real}", "{order.keys}", "{point.count}", "{bill.total}"]


@pytest.mark.parametrize(
    "template", ["{flow}", "{tenant.__class__}", "{order.nobody}", "{}", *NO_DATA]
)
def test_what_there_is_not_is_named(template: str) -> None:
    with pytest.raises(UnknownParameter, match=r"there is no parameter .*number, order"):
        key_of(template, PARAMETERS)
