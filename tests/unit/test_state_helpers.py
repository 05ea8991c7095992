"""What programs do with states: copies, details, groups, and the exceptions that they stand for."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from headrace import flow, states, task
from headrace.exceptions import (
    CancelledRun,
    FailedRun,
    MissingResult,
    PausedRun,
    UnfinishedRun,
)
from headrace.states import (
    Cancelled,
    Completed,
    Failed,
    Late,
    Paused,
    Pending,
    Running,
    Scheduled,
    State,
    StateGroup,
    StateType,
    Suspended,
)
from tests.run_kit import ListRecorder

NOON = datetime.datetime(2026, 2, 1, 12, tzinfo=datetime.UTC)


def test_a_state_is_itself_and_no_other() -> None:
    state = Completed(message="m", data=[1])
    copy = state.model_copy(update={"name": "Renamed"})
    assert (copy.name, copy.message, copy.data) == ("Renamed", "m", [1])
    assert state.id != state.fresh_copy().id
    assert state == state
    assert Completed(timestamp=NOON) == Completed(timestamp=NOON) != Completed()
    assert len({state, state, copy}) == 2


def test_types_and_names_as_text() -> None:
    state: State[None] = State(type="COMPLETED", name="Skipped")  # type: ignore[arg-type]
    assert (state.type, str(state)) == (StateType.COMPLETED, "Skipped(type=COMPLETED)")
    assert state.model_dump(mode="json")["type"] == "COMPLETED"
    assert state.model_dump()["state_details"]["pause_key"] is None


def test_times_of_states() -> None:
    assert Scheduled(scheduled_time=NOON).state_details.scheduled_time == NOON
    assert (late := Late()).state_details.scheduled_time == late.timestamp
    assert str(late) == "Late(type=SCHEDULED)"
    with pytest.raises(ValueError, match="extra scheduled_time"):
        Scheduled(scheduled_time=NOON, state_details={"scheduled_time": NOON})
    paused = Paused(timeout_seconds=60, timestamp=NOON, pause_key="k")
    assert paused.state_details.pause_timeout == NOON + datetime.timedelta(minutes=1)
    assert paused.state_details.pause_key == "k"
    assert Suspended(pause_expiration_time=NOON).state_details.pause_reschedule
    with pytest.raises(ValueError, match="Cannot supply both"):
        Paused(timeout_seconds=1, pause_expiration_time=NOON)


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        (Completed(), MissingResult, "State data is missing"),
        (Paused(), PausedRun, "Run is paused"),
        (Pending(), UnfinishedRun, "PENDING"),
        (Failed(), FailedRun, "Run failed."),
        (Failed(data="in words"), FailedRun, "in words"),
        (Failed(data=Cancelled("inner")), CancelledRun, "inner"),
        (Failed(data=[Completed(), Failed(data=KeyError("k"))]), KeyError, "k"),
        (Failed(data=[Pending()]), UnfinishedRun, "PENDING"),
        (Failed(data=3), TypeError, "int cannot be resolved into an exception"),
    ],
)
def test_what_asking_for_a_result_raises(
    state: State[Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        state.result()


def test_exceptions_of_states() -> None:
    error = KeyError("k")
    assert states.get_state_exception(Failed(data=error)) is error
    with pytest.raises(KeyError):
        states.raise_state_exception(Failed(data=error))
    states.raise_state_exception(Completed())
    with pytest.raises(ValueError, match="Expected failed"):
        states.get_state_exception(Running())


async def test_in_coroutines_they_are_awaited() -> None:
    error = KeyError("k")
    failed = await states.exception_to_failed_state(error, message="It broke:")
    assert str(failed.message) == "It broke: KeyError: 'k'"
    assert await states.get_state_exception(failed) is error
    awaited: Any = Completed(data=3).result()
    assert await awaited == 3
    assert await Completed(data=4).aresult() == 4
    with pytest.raises(KeyError):
        await states.get_state_result(failed)


def test_groups_are_counted() -> None:
    group = StateGroup([Completed(), Failed(), states.Crashed(), Paused()])
    assert (group.fail_count, group.paused_count, group.not_final_count) == (2, 1, 1)
    assert group.any_failed()
    assert not group.all_completed()
    assert group.counts_message() == (
        "total=4, not_final=1, 'COMPLETED'=1, 'FAILED'=1, 'CRASHED'=1, 'PAUSED'=1"
    )


def test_the_state_of_a_run_knows_it(recorder: ListRecorder) -> None:
    @task
    def nothing() -> None: ...

    @flow
    def pipeline() -> None:
        state: Any = nothing(return_state=True)
        assert state.result() is None
        assert state.state_details.task_run_id is not None
        assert state.state_details.flow_run_id is not None

    state: Any = pipeline(return_state=True)
    assert state.state_details.flow_run_id is not None
    assert state.state_details.task_run_id is None


@pytest.mark.parametrize(
    ("returned", "text", "error"),
    [
        ([Completed(data=1), Failed("x"), Failed("y")], "Failed('2/3 states failed.')", FailedRun),
        ((Completed(), Cancelled("c")), "Cancelled('1/2 states cancelled.')", CancelledRun),
        ([Running()], "Failed('1/1 states are not final.')", UnfinishedRun),
        (Failed("own words"), "Failed('own words')", FailedRun),
    ],
)
def test_what_returned_states_mean(
    recorder: ListRecorder, returned: object, text: str, error: type[Exception]
) -> None:
    @flow
    def pipeline() -> object:
        return returned

    assert str(pipeline(return_state=True)) == text
    with pytest.raises(error):
        pipeline()


def test_a_state_as_a_dict_has_what_is_asked_for() -> None:
    state: State[object] = states.Failed(message="It broke")
    assert state.model_dump(include={"name", "message"}) == {
        "name": "Failed",
        "message": "It broke",
    }
    assert not {"id", "data"} & state.model_dump(exclude={"id"}, exclude_none=True).keys()
    assert state.state_details.model_dump(exclude_none=True) == {"pause_reschedule": False}


async def test_the_exception_of_a_state_in_asynchronous_code() -> None:
    error = OSError("gone")
    failed: State[object] = states.Failed(data=error)
    assert await states.aget_state_exception(failed) is error
    with pytest.raises(OSError, match="gone"):
        await states.araise_state_exception(failed)
    await states.araise_state_exception(states.Completed())


async def test_states_of_returned_values_and_of_crashes() -> None:
    async def told(value: object) -> str:
        state = await states.return_value_to_state(value)
        return f"{state.name}: {state.message}"

    assert await told(1) == "Completed: None"
    assert await told(Failed(message="no")) == "Failed: no"
    assert await told([1, Completed()]) == "Completed: None"
    crashed = await states.exception_to_crashed_state(KeyboardInterrupt())
    assert crashed.message == "Execution was aborted by an interrupt signal."
    sent = states.to_state_create(Completed(message="m", data=1))
    assert (sent.type, sent.name, sent.message) == (StateType.COMPLETED, "Completed", "m")
