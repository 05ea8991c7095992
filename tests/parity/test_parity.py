"""Programs written for Prefect 3 print and exit the same here: what they print there is on file.

`peers.py` writes the answers; `known_gaps.txt` lists the programs that do not pass yet.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parity import kit

GAPS = (Path(__file__).parent / "known_gaps.txt").read_text().split()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xfail(strict=True) if name in GAPS else ())
        for name in kit.names()
    ],
)
def test_the_same_is_printed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADRACE_API_URL", raising=False)
    printed, errors = kit.run(kit.source(name), {"HEADRACE_HOME": str(tmp_path)})
    assert printed == kit.answer(name).read_text(), errors


def test_gaps_are_programs() -> None:
    assert set(GAPS) <= set(kit.names())
