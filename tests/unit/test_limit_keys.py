"""Whose share of a limit a run takes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from headrace.limit_keys import LONGEST, UnknownParameter, key_of

PARAMETERS = {
    "tenant": "mill",
    "number": 7,
    "order": {"customer": "forge"},
    "user": SimpleNamespace(name="Ada"),
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
        ("x" * 2000, "x" * LONGEST),
    ],
)
def test_parameters_fill_the_braces(template: str, key: str) -> None:
    assert key_of(template, PARAMETERS) == key


@pytest.mark.parametrize("template", ["{flow}", "{tenant.__class__}", "{order.nobody}", "{}"])
def test_what_there_is_not_is_named(template: str) -> None:
    with pytest.raises(UnknownParameter, match=r"there is no parameter .*number, order"):
        key_of(template, PARAMETERS)
