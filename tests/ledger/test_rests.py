"""What fails rests for longer each time."""

from __future__ import annotations

import pytest
import uuid_utils.compat as uuids

from headrace_service.loops.rests import FIRST, MOST, Rests

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("failures", "rest"),
    [(1, FIRST), (2, 2 * FIRST), (3, 4 * FIRST), (8, 128 * FIRST), (9, MOST), (40, MOST)],
)
def test_each_failure_doubles_the_rest_up_to_the_most(failures: int, rest: int) -> None:
    rests, broken, now = Rests(), uuids.uuid7(), 0
    for _ in range(failures):
        rests.note([broken], [broken], now)
        began, now = now, now + MOST
    assert rests.resting(began) == {broken}
    assert rests.resting(began + rest - 1) == {broken}
    assert rests.resting(began + rest) == set()


def test_what_has_gone_well_begins_anew() -> None:
    rests, broken, well = Rests(), uuids.uuid7(), uuids.uuid7()
    rests.note([broken, well], [broken, well], 0)
    rests.note([broken, well], [broken], FIRST)
    assert rests.resting(2 * FIRST) == {broken}
    rests.note([broken], [], 3 * FIRST)
    rests.note([broken], [broken], 4 * FIRST)
    assert rests.resting(5 * FIRST) == set()


def test_a_clock_that_was_set_back_ends_a_rest() -> None:
    rests, broken = Rests(), uuids.uuid7()
    rests.note([broken], [broken], SECOND)
    assert rests.resting(0) == set()
