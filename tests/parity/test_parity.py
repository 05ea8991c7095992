"""Programs written for Prefect 3 print and exit the same here: what they print there is on file.

`peers.py` writes the answers; `known_gaps.txt` lists the programs that do not pass yet.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.parity import kit

GAPS = (Path(__file__).parent / "known_gaps.txt").read_text().split()

Printed = Mapping[str, Future[tuple[str, str]]]


@pytest.fixture(scope="module")
def printed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Printed]:
    """What the programs print that were selected: as many run at a time as there are cores."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("HEADRACE_API_URL", raising=False)
        pool = ThreadPoolExecutor(os.cpu_count() or 1)
        started = {}
        for item in request.session.items:
            if item.path == Path(__file__) and hasattr(item, "callspec"):
                name = str(item.callspec.params["name"])
                home = {"HEADRACE_HOME": str(tmp_path_factory.mktemp("home"))}
                started[name] = pool.submit(kit.run, kit.source(name), home)
        yield started
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xfail(strict=True) if name in GAPS else ())
        for name in kit.names()
    ],
)
def test_the_same_is_printed(name: str, printed: Printed) -> None:
    output, errors = printed[name].result()
    assert output == kit.answer(name).read_text(), errors


def test_gaps_are_programs() -> None:
    assert set(GAPS) <= set(kit.names())
