"""States: how they print, what they are, and what comes of asking for their result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pydantic
import pytest

from headrace import states
from headrace.exceptions import CancelledRun, CrashedRun, FailedRun, UnfinishedRun
from headrace.records import MAX_TEXT, StateType
from headrace.states import State


@pytest.mark.parametrize(
    ("make", "text", "predicate"),
    [
        (states.Scheduled, "Scheduled()", "is_scheduled"),
        (states.AwaitingRetry, "AwaitingRetry(type=SCHEDULED)", "is_scheduled"),
        (states.Pending, "Pending()", "is_pending"),
        (states.Running, "Running()", "is_running"),
        (states.Retrying, "Retrying(type=RUNNING)", "is_running"),
        (states.Paused, "Paused()", "is_paused"),
        (states.Completed, "Completed()", "is_completed"),
        (states.Cached, "Cached(type=COMPLETED)", "is_completed"),
        (states.Failed, "Failed()", "is_failed"),
        (states.TimedOut, "TimedOut(type=FAILED)", "is_failed"),
        (states.NotReady, "NotReady(type=PENDING)", "is_pending"),
        (states.Crashed, "Crashed()", "is_crashed"),
        (states.Cancelling, "Cancelling()", "is_cancelling"),
        (states.Cancelled, "Cancelled()", "is_cancelled"),
    ],
)
def test_constructors(make: Callable[[], State[Any]], text: str, predicate: str) -> None:
    state = make()
    assert str(state) == text
    true = {name for name in dir(state) if name.startswith("is_") and getattr(state, name)()}
    assert true - {"is_final"} == {predicate}
    assert state.is_final() == state.type.is_terminal


def test_a_message_is_printed_before_the_type() -> None:
    assert str(states.Failed("no file")) == "Failed('no file')"
    assert str(states.Cached("from disk")) == "Cached('from disk', type=COMPLETED)"
    assert repr(states.Completed(data=3)) == "Completed(message=None, type=COMPLETED, result=3)"


def test_the_result_of_a_completed_run() -> None:
    assert states.Completed(data=[1]).result() == [1]


def test_a_failure_raises_its_exception() -> None:
    error = ValueError("no")
    state = states.Failed("it failed", data=error)
    with pytest.raises(ValueError, match="no"):
        state.result()
    assert state.result(raise_on_failure=False) is error


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (states.Failed("a reason"), FailedRun),
        (states.Crashed("a reason"), CrashedRun),
        (states.Cancelled("a reason"), CancelledRun),
    ],
)
def test_a_failure_without_exception(state: State[Any], error: type[Exception]) -> None:
    with pytest.raises(error, match="a reason"):
        state.result()


def test_asking_for_the_result_of_a_run_that_exited_does_not_exit() -> None:
    state = states.Crashed("it was ended", data=SystemExit(3))
    with pytest.raises(CrashedRun) as caught:
        state.result()
    assert isinstance(caught.value.__cause__, SystemExit)


def test_a_run_that_has_not_ended_has_no_result() -> None:
    with pytest.raises(UnfinishedRun, match="RUNNING"):
        states.Running().result()


def test_the_record_of_a_state() -> None:
    state: State[None] = State(StateType.FAILED, message="x" * (MAX_TEXT + 1), micros=1_500_000)
    change = state.as_change(2)
    assert (change.type, change.name, change.timestamp) == (StateType.FAILED, "Failed", 1_500_000)
    assert change.run_count == 2
    assert change.message is not None
    assert change.message.endswith("… [cut: the whole is 65,537 characters long]")
    assert state.timestamp.isoformat() == "1970-01-01T00:00:01.500000+00:00"


def test_states_that_users_make_are_fit_to_be_recorded() -> None:
    assert states.Completed(name="").name == "Completed"
    change = State(StateType.FAILED, "z" * 3000, "").as_change(1)
    assert (len(change.name), change.message) == (1024, "")
    error: Any = ValueError("given as the message")
    assert str(states.Failed(error)) == "Failed('given as the message')"


def test_a_state_has_one_of_the_types() -> None:
    with pytest.raises(pydantic.ValidationError, match="Input should be 'SCHEDULED', 'PENDING',"):
        State("NOPE")  # type: ignore[arg-type]
