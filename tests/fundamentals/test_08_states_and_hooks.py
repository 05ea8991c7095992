"""Every run ends in a state; who wants it asks for it, and hooks are called with it."""

from __future__ import annotations

import pytest

from headrace import State, flow, task
from headrace.context import LiveFlowRun
from headrace.flows import Flow
from tests.run_kit import Book


@task
def divide(a: int, b: int) -> float:
    return a / b


def test_return_state_hands_back_the_state_and_raises_nothing(book: Book) -> None:
    good = divide(6, 3, return_state=True)
    bad = divide(1, 0, return_state=True)
    assert (str(good), good.result()) == ("Completed()", 2)
    assert str(bad) == (
        "Failed('Task run encountered an exception ZeroDivisionError: division by zero')"
    )
    with pytest.raises(ZeroDivisionError):
        bad.result()


def test_a_flow_that_returns_states_fails_with_them(book: Book) -> None:
    @flow
    def pipeline() -> list[State[float]]:
        return [divide(6, 3, return_state=True), divide(1, 0, return_state=True)]

    state = pipeline(return_state=True)
    assert (state.is_failed(), state.message) == (True, "1/2 states failed.")
    with pytest.raises(ZeroDivisionError):
        pipeline()


def test_hooks_are_called_with_the_flow_its_run_and_the_state(book: Book) -> None:
    calls = []

    def tell(flow: Flow[..., object], flow_run: LiveFlowRun, state: State[object]) -> None:
        calls.append((flow.name, flow_run.name, str(state)))

    @flow(on_completion=[tell], on_failure=[tell])
    def pipeline(b: int) -> float:
        return divide(1, b)

    pipeline(1)
    with pytest.raises(ZeroDivisionError):
        pipeline(0)
    first, second = book.flow_runs()
    message = "Flow run encountered an exception: ZeroDivisionError: division by zero"
    assert calls == [
        ("pipeline", first["name"], "Completed()"),
        ("pipeline", second["name"], f"Failed({message!r})"),
    ]


def test_a_hook_that_raises_changes_nothing(book: Book) -> None:
    def broken(*_: object) -> None:
        raise KeyError("oh")

    @flow(on_completion=[broken])
    def pipeline() -> int:
        return 1

    assert pipeline() == 1
    assert any("Hook 'broken' raised KeyError('oh')" in text for text in book.messages())
