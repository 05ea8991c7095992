"""Whatever the SDK accepts, the ledger accepts: names, tags, states, log lines and arguments."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace import State, flow, get_run_logger, task
from headrace.exceptions import InvalidOption
from headrace.recorder import Settled, get_recorder
from headrace.records import MAX_TEXT, TERMINAL_STATES
from tests.run_kit import Book

#: All characters, also those that UTF-8 has no bytes for.
CHARACTERS = st.characters(exclude_categories=())
SHORT = st.text(CHARACTERS, max_size=8)
LONG = st.sampled_from([1023, 1024, 1025, 3000, MAX_TEXT + 200]).map(lambda size: "x" * size)
TEXT = SHORT | LONG | st.just("")
NUMBERS = st.integers() | st.floats() | st.sampled_from([2**63, -(2**63) - 1, 2**64, 10**400])


class Odd:
    """Text only by force."""

    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


PLAIN = st.none() | st.booleans() | NUMBERS | TEXT | st.binary(max_size=8)
ANYTHING = PLAIN | st.builds(Odd)
VALUES = st.recursive(
    ANYTHING,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(SHORT | st.integers() | st.none(), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=6,
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "name": TEXT | ANYTHING,
        "tags": st.lists(TEXT, max_size=3) | ANYTHING,
        "version": TEXT | ANYTHING,
    },
)
STATES: st.SearchStrategy[State[Any]] = st.builds(
    State,
    type=st.sampled_from(sorted(TERMINAL_STATES)),
    name=st.none() | TEXT,
    message=ANYTHING | st.builds(ValueError, TEXT),
    data=VALUES,
    micros=st.none() | st.integers(),
)


def accepted(decorator: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Those of the options that the decorator takes; others are refused in so many words."""
    taken = {}
    for option, value in options.items():
        with contextlib.suppress(InvalidOption):
            decorator(**{option: value})(lambda: None)
            taken[option] = value
    return taken


@pytest.fixture
def all_levels() -> Iterator[None]:
    """Lines of all levels are recorded."""
    root = logging.getLogger("headrace")
    before = root.level
    root.setLevel(1)
    yield
    root.setLevel(before)


@settings(
    max_examples=100,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    flow_options=OPTIONS,
    task_options=OPTIONS,
    value=VALUES,
    words=st.dictionaries(TEXT, VALUES, max_size=2),
    ending=STATES | VALUES,
    level=st.integers(1, 5000),
    # The handler of the test tool raises where ours do not, if a line has no text.
    line=PLAIN,
    handled=st.booleans(),
)
def test_whatever_the_sdk_accepts_the_ledger_accepts(
    book: Book,
    all_levels: None,
    flow_options: dict[str, Any],
    task_options: dict[str, Any],
    value: object,
    words: dict[str, Any],
    ending: object,
    level: int,
    line: Any,
    handled: bool,
) -> None:
    def inner(value: object, **words: object) -> object:
        return ending

    def outer(value: object, **words: object) -> object:
        logger = get_run_logger()
        logger.log(level, line)
        if handled:  # by the handlers of `logging`, for what a line carries besides its text
            logger.log(level, line, extra={"more": 1})
        steps.append(step(value, return_state=True, **words))
        steps.append(step.submit(value, **{**words, "future": steps}))
        steps[-1].wait()
        return ending

    steps: list[Any] = []
    step: Any = task(**accepted(task, task_options))(inner)
    pipeline: Any = flow(**accepted(flow, flow_options))(outer)
    words = {f"_{word}": item for word, item in words.items()}

    recorder = get_recorder()
    before = len(book.flow_runs())
    pipeline(value, return_state=True, **words)
    assert recorder.flush(timeout=30) is Settled.ACKNOWLEDGED
    assert recorder.refused == 0
    runs = book.flow_runs()
    assert len(runs) == before + 1
    ended = [run["state_type"] for run in book.task_runs() if run["flow_run_id"] == runs[-1]["id"]]
    assert len(ended) == 2
    assert {*ended, runs[-1]["state_type"]} <= {kind.value for kind in TERMINAL_STATES}
