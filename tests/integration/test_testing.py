"""What `headrace.testing` gives to those who test their own flows."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from headrace import flow, task
from headrace.settings import get_settings
from headrace.testing import VirtualClock, headrace_test_harness, virtual_time
from headrace.testing.fixtures import headrace_clock, headrace_ledger
from headrace.testing.utilities import assert_does_not_warn, exceptions_equal
from headrace.variables import Variable
from tests.run_kit import Book

__all__ = ["headrace_clock", "headrace_ledger"]  # fixtures


@task(retries=3, retry_delay_seconds=600)
def never() -> None:
    raise ConnectionError("away")


@flow
def pipeline() -> None:
    never()


def test_runs_in_the_harness_leave_no_trace_outside(book: Book) -> None:
    @flow
    def outside() -> int:
        return 1

    assert outside() == 1
    with headrace_test_harness():
        within = get_settings().home
        assert outside() == 1
        assert len(Book(within / "ledger.db").flow_runs()) == 1
    assert not within.exists()
    assert outside() == 1
    assert len(book.flow_runs()) == 2


def test_the_harness_leaves_nothing_open() -> None:
    @task(tags=["crowded"])
    def ask() -> object:
        return Variable.get("nothing", default=1)

    @flow
    def asks() -> object:
        return ask()

    with headrace_test_harness():
        within = str(get_settings().home)
        assert asks() == 1
    opened = [os.path.realpath(file) for file in Path("/proc/self/fd").iterdir()]
    assert [file for file in opened if file.startswith(within)] == []


def test_the_harness_wins_over_temporary_settings_around_it(tmp_path: Path, book: Book) -> None:
    from headrace.settings import HEADRACE_HOME, temporary_settings

    other = tmp_path / "other"
    with temporary_settings({HEADRACE_HOME: other}):
        with headrace_test_harness():
            assert get_settings().home != other
        assert get_settings().home == other


def test_half_an_hour_of_retries_takes_no_time(headrace_clock: VirtualClock) -> None:
    before = headrace_clock.now()
    state = pipeline(return_state=True)
    assert state.is_failed()
    assert headrace_clock.slept == [600, 600, 600]
    assert headrace_clock.now() - before == 1800 * 1_000_000


def test_time_can_be_advanced(headrace_ledger: None) -> None:
    calls = []

    @task(cache_key_fn=lambda context, arguments: "k", cache_expiration=timedelta(hours=1))
    def fresh() -> int:
        calls.append(1)
        return len(calls)

    with virtual_time() as clock:
        assert [fresh(), fresh()] == [1, 1]
        clock.advance(timedelta(hours=2))
        assert fresh() == 2


async def test_waits_of_coroutines_pass_side_by_side() -> None:
    import asyncio

    clock = VirtualClock(0)
    await asyncio.gather(*(clock.sleep_async(60) for _ in range(3)))
    assert clock.now() == 60 * 1_000_000


def test_small_questions() -> None:
    import warnings

    assert exceptions_equal(ValueError("a"), ValueError("a"))
    assert not exceptions_equal(ValueError("a"), KeyError("a"))
    with pytest.raises(AssertionError, match="old"), assert_does_not_warn():
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    with assert_does_not_warn([DeprecationWarning]):
        warnings.warn("old", DeprecationWarning, stacklevel=1)
