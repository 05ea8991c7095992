"""The loops of a service go on whatever comes up in one of their rounds."""

from __future__ import annotations

import logging

import pytest

from headrace_service.ledger import LedgerUnusable
from headrace_service.loops.rounds import RETRY, Parts, go_round
from headrace_service.measures import Rounds


class Enough(BaseException):
    """The loop has come round often enough."""


class ShortClock:
    """A clock that lets a loop sleep a few times."""

    def __init__(self, times: int) -> None:
        self.slept: list[float] = []
        self._times = times

    def now(self) -> int:
        return 0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) == self._times:
            raise Enough


@pytest.mark.parametrize("error", [LedgerUnusable("it is away"), ValueError("a row of lead")])
async def test_a_step_that_fails_is_tried_again_and_told_of_once(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes: list[Exception | None] = [error, error, None]

    async def step() -> float:
        if (outcome := outcomes.pop(0)) is not None:
            raise outcome
        return 7.0

    clock, rounds = ShortClock(3), Rounds()
    with caplog.at_level(logging.WARNING), pytest.raises(Enough):
        await go_round("mill", step, clock, rounds)
    assert clock.slept == [RETRY, RETRY, 7.0]
    assert (rounds.done, rounds.failed) == (3, 2)
    assert [record.getMessage() for record in caplog.records] == [f"the mill waits: {error}"]


async def test_a_part_that_fails_is_told_of_once_and_keeps_no_other_from_its_turn(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rounds = Rounds()
    parts = Parts("mill", rounds)

    async def fails() -> int:
        raise ValueError("a row of lead")

    async def works() -> int:
        return 7

    async def is_away() -> int:
        raise LedgerUnusable("it is away")

    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert await parts.take("grind", fails(), 0) == 0
            assert await parts.take("sift", works(), 0) == 7
    assert [record.getMessage() for record in caplog.records] == [
        "the mill cannot grind: a row of lead"
    ]
    assert rounds.failed == 2
    with pytest.raises(LedgerUnusable):  # it is no part's fault
        await parts.take("sift", is_away(), 0)
