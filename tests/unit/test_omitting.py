"""Modules are left out of what is imported within, and the list of finders stays whole."""

from __future__ import annotations

import importlib
import sys

import pytest

from headrace.omitting import without


def test_who_walks_the_finders_meanwhile_misses_none() -> None:
    with without("no.matter"):
        walk = iter(sys.meta_path)
        seen = [next(walk)]
    seen.extend(walk)
    assert seen == sys.meta_path


def test_a_list_of_finders_that_is_exchanged_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    with without("no.matter"):
        monkeypatch.setattr(sys, "meta_path", sys.meta_path[1:])
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with without("colorsys"), pytest.raises(ModuleNotFoundError, match="not needed here"):
        importlib.import_module("colorsys")
    assert importlib.import_module("colorsys").__name__ == "colorsys"
