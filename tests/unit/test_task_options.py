"""What the options of a task do, apart from those about results."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import enum
import functools
from typing import Any

import pydantic
import pytest

from headrace import State, class_bodies, flow, task
from headrace.context import TaskRunContext
from headrace.exceptions import ReservedArgumentError
from headrace.records import TaskRunChanged, TaskRunCreated
from headrace.states import Failed
from headrace.tasks import exponential_backoff
from tests.run_kit import ListRecorder, VirtualClock


def created(recorder: ListRecorder) -> list[str]:
    return [record.name for record in recorder.records if isinstance(record, TaskRunCreated)]


def states(recorder: ListRecorder) -> list[str]:
    return [
        record.state.name
        for record in recorder.records
        if isinstance(record, TaskRunCreated | TaskRunChanged)
    ]


def created_task() -> Any:
    @task
    def fetch(url: str) -> bytes:
        return b"other code"

    return fetch


def slept(recorder: ListRecorder) -> list[float]:
    from headrace.context import get_environment

    clock = get_environment().clock
    assert isinstance(clock, VirtualClock)
    return clock.slept


# --- the options themselves -------------------------------------------------------------------


def test_options_are_found_under_their_names() -> None:
    def condition(task: Any, run: Any, state: Any) -> bool:
        return True

    @task(
        name="Fetch",
        tags=["web"],
        version="2",
        retries=2,
        retry_delay_seconds=exponential_backoff(10),
        retry_jitter_factor=0.5,
        retry_condition_fn=condition,
        timeout_seconds=30,
        log_prints=True,
        cache_expiration=datetime.timedelta(hours=1),
        persist_result=True,
        result_storage_key="fetched",
        viz_return_value=b"",
    )
    def fetch(url: str) -> bytes:
        """Get a page.

        More of it.
        """
        return url.encode()

    assert (fetch.name, fetch.tags, fetch.version) == ("Fetch", {"web"}, "2")
    assert fetch.description == "Get a page.\n\nMore of it."
    assert (fetch.retries, fetch.retry_delay_seconds) == (2, [10, 20])
    assert (fetch.retry_jitter_factor, fetch.retry_condition_fn) == (0.5, condition)
    assert (fetch.timeout_seconds, fetch.log_prints) == (30.0, True)
    assert fetch.cache_expiration == datetime.timedelta(hours=1)
    assert (fetch.persist_result, fetch.result_storage_key) == (True, "fetched")
    assert (fetch.cache_result_in_memory, fetch.refresh_cache) == (True, None)
    assert fetch.viz_return_value == b""
    assert fetch.fn("x") == b"x"
    assert fetch.task_key.startswith("fetch-")
    assert fetch.task_key == fetch.with_options(name="other").task_key != created_task().task_key


def test_with_options_changes_what_is_given_and_no_more() -> None:
    @task(name="Fetch", tags=["web"], retries=2, task_run_name="fetch {url}", log_prints=True)
    def fetch(url: str) -> None: ...

    @fetch.on_failure
    def complain(task: Any, run: Any, state: Any) -> None: ...

    other = fetch.with_options(retries=0, tags=["other"], timeout_seconds=5)
    assert (other.name, other.tags, other.retries) == ("Fetch", {"other"}, 0)
    assert (other.timeout_seconds, other.task_run_name) == (5, "fetch {url}")
    assert (other.log_prints, other.on_failure_hooks) == (True, [complain])
    other.on_failure(print)
    assert fetch.on_failure_hooks == [complain]
    # None takes back what can be taken back, and else changes nothing.
    again = other.with_options(task_run_name=None, log_prints=None, name=None, timeout_seconds=None)
    assert (again.task_run_name, again.log_prints) == (None, None)
    assert (again.name, again.timeout_seconds) == ("Fetch", 5)
    assert (fetch.retries, fetch.tags, fetch.timeout_seconds) == (2, {"web"}, None)


def test_arguments_that_calls_need_are_refused_as_parameters() -> None:
    with pytest.raises(ReservedArgumentError, match="'wait_for' is a reserved argument name"):

        @task
        def wrong(wait_for: int) -> None: ...


def test_backoff_has_at_most_fifty_delays() -> None:
    assert exponential_backoff(2)(4) == [2, 4, 8, 16]
    assert len(exponential_backoff(0.1)(60)) == 50


def test_methods_of_all_kinds(recorder: ListRecorder) -> None:
    class Shop:
        name = "shop"

        @task
        def of_object(self, item: str) -> str:
            return f"{self.name} {item}"

        @classmethod
        @task
        def of_class(cls, item: str) -> str:
            return f"{cls.name} {item}"

        @task
        @classmethod
        def of_class_too(cls, item: str) -> str:
            return f"{cls.name} {item}"

        @task
        @staticmethod
        def of_nobody(item: str) -> str:
            return item

    class Mill(Shop):
        name = "mill"

    kind: Any = Mill
    mill = kind()
    assert mill.of_object("tea") == "mill tea"
    assert mill.of_object.submit("tea").result() == "mill tea"
    assert mill.of_object.with_options(name="other")("tea") == "mill tea"
    assert [mill.of_class("tea"), kind.of_class("tea")] == ["mill tea"] * 2
    assert [mill.of_class_too("tea"), kind.of_class_too("tea")] == ["mill tea"] * 2
    assert [mill.of_nobody("tea"), kind.of_nobody("tea")] == ["tea"] * 2
    assert mill.of_object.fn(mill, "tea") == kind.of_object.fn(mill, "tea") == "mill tea"
    assert kind.of_class.fn(kind, "tea") == "mill tea"
    assert (mill.of_object.ismethod, kind.of_object.ismethod) == (True, False)


@pytest.fixture(params=[True, False], ids=["as on 3.13", "as here"])
def class_methods_bind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_bodies, "NEEDED", request.param or class_bodies.NEEDED)


@pytest.mark.usefixtures("class_methods_bind")
def test_class_methods_have_all_that_tasks_have(recorder: ListRecorder) -> None:
    class Shop:
        name = "shop"

        @classmethod
        @task
        def sell(cls, item: str) -> str:
            return f"{cls.name} {item}"

        @classmethod
        @task(tags=["morning"])
        async def open(cls) -> str:
            return cls.name

        @classmethod
        @flow(name="closing")
        def close(cls, tired: bool) -> str:
            return f"{cls.name} {tired}"

    class Mill(Shop):
        name = "mill"

    mill: Any = Mill
    assert [mill.sell("tea"), mill().sell("tea")] == ["mill tea"] * 2
    assert mill.sell.submit("tea").result() == "mill tea"
    assert mill.sell.map(["tea", "oil"]).result() == ["mill tea", "mill oil"]
    assert mill().sell.map(["tea"]).result() == ["mill tea"]
    assert mill.sell.with_options(name="other").submit("tea").result() == "mill tea"
    assert mill.sell("tea", return_state=True).result() == "mill tea"
    assert asyncio.run(mill.open()) == "mill"
    assert mill.open.submit().result() == "mill"
    assert mill.open.tags == {"morning"}
    assert mill.close("true", return_state=True).result() == "mill True"
    assert mill.close.with_options(name="late")(False) == "mill False"
    assert mill.close.name == "closing"
    assert not any(name.startswith("__headrace") for name in vars(Shop))


@pytest.mark.usefixtures("class_methods_bind")
def test_class_methods_of_classes_with_rules_of_their_own(recorder: ListRecorder) -> None:
    class Model(pydantic.BaseModel):
        size: int

        @classmethod
        @task
        def of(cls, size: int) -> int:
            return cls(size=size).size

    @dataclasses.dataclass(slots=True)
    class Record:
        size: int

        @classmethod
        @task
        def of(cls, size: int) -> int:
            return cls(size).size

    class Size(enum.Enum):
        SMALL = 1

        @classmethod
        @task
        def of(cls, size: int) -> int:
            return int(cls(size).value)

    kinds: list[Any] = [Model, Record, Size]
    assert [kind.of.submit(1).result() for kind in kinds] == [1] * 3
    assert list(Size) == [Size.SMALL]


def test_callable_objects_and_partials(recorder: ListRecorder) -> None:
    class Doubler:
        def __call__(self, number: int) -> int:
            return number * 2

    assert task(Doubler())(3) == 6
    assert task(Doubler()).name == "Doubler"
    assert task(functools.partial(pow, 2))(3) == 8


# --- names of runs ----------------------------------------------------------------------------


def test_runs_are_named_by_a_template_or_a_function(recorder: ListRecorder) -> None:
    def name() -> str:
        run = TaskRunContext.get()
        assert run is not None
        return f"by {run.task.name}"

    def from_parameters(parameters: dict[str, Any]) -> str:
        return f"at {parameters['place']}"

    @task(task_run_name="{place} {count:03}")
    def move(place: str, count: int = 7) -> str:
        run = TaskRunContext.get()
        assert run is not None
        return run.task_run.name

    @flow
    def pipeline() -> None:
        assert move("left") == "left 007"
        assert move.with_options(task_run_name=name)("left") == "by move"
        assert move.with_options(task_run_name=from_parameters)("left") == "at left"
        where: Any = move.submit("here")
        # The name is made of the results that the arguments stand for.
        assert move.submit(where, 1).result() == "here 007 001"

    pipeline()
    assert created(recorder) == ["left 007", "by move", "at left", "here 007", "here 007 001"]


def test_a_run_that_cannot_be_named_fails(recorder: ListRecorder) -> None:
    @task(task_run_name="{nowhere}")
    def move(place: str) -> None: ...

    @task(task_run_name=lambda: 5)  # type: ignore[arg-type,return-value]
    def other() -> None: ...

    with pytest.raises(KeyError) as caught:
        move("left")
    assert caught.value.args == ("nowhere",)
    assert caught.value.__notes__ == [
        "task 'move': task_run_name='{nowhere}' names 'nowhere'; its parameters are: place"
    ]
    with pytest.raises(KeyError) as caught:
        flow(name="f", flow_run_name="{nope}")(lambda: None)()
    assert "its parameters are: none" in caught.value.__notes__[0]
    with pytest.raises(KeyError, match="nowhere"):
        move.submit("left").result()
    with pytest.raises(TypeError, match="'task_run_name' returned type int but a string is"):
        other()
    assert states(recorder)[-1] == "Failed"


# --- retries ----------------------------------------------------------------------------------


def test_a_failed_state_is_tried_again(recorder: ListRecorder) -> None:
    attempts = []

    @task(retries=2, retry_delay_seconds=[60, 3600])
    def poll() -> Any:
        attempts.append(1)
        return Failed("not yet") if len(attempts) < 3 else "there"

    assert poll() == "there"
    assert states(recorder) == [
        *("Running", "AwaitingRetry", "Retrying", "AwaitingRetry", "Retrying", "Completed"),
    ]
    assert slept(recorder) == [60, 3600]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_condition_decides_on_retries(recorder: ListRecorder, asynchronous: bool) -> None:
    asked: list[str] = []

    def condition(task: Any, run: Any, state: State[Any]) -> bool:
        asked.append(f"{task.name} {run.run_count} {state.message}")
        return isinstance(state.data, OSError)

    async def condition_async(task: Any, run: Any, state: State[Any]) -> bool:
        await asyncio.sleep(0)
        return condition(task, run, state)

    errors: list[Exception] = [OSError("busy"), ValueError("wrong"), OSError("never")]

    @task(retries=5, retry_condition_fn=condition_async if asynchronous else condition)
    def work() -> None:
        raise errors.pop(0)

    with pytest.raises(ValueError, match="wrong"):
        work()
    assert asked == [
        "work 1 Task run encountered unexpected exception: OSError('busy')",
        "work 2 Task run encountered unexpected exception: ValueError('wrong')",
    ]


def test_a_condition_that_raises_ends_the_run(recorder: ListRecorder) -> None:
    def condition(task: Any, run: Any, state: State[Any]) -> bool:
        raise RuntimeError("broken condition")

    @task(retries=5, retry_condition_fn=condition)
    def work() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        work()
    assert states(recorder) == ["Running", "Failed"]


def test_jitter_keeps_delays_within_its_factor(recorder: ListRecorder) -> None:
    @task(retries=50, retry_delay_seconds=100, retry_jitter_factor=0.5)
    def work() -> None:
        raise ValueError

    work(return_state=True)
    delays = slept(recorder)
    assert len(set(delays)) > 1
    assert all(50 <= delay <= 150 for delay in delays)


# --- hooks ------------------------------------------------------------------------------------


def test_hooks_by_decorators_and_at_every_attempt(recorder: ListRecorder) -> None:
    calls: list[str] = []

    @task(retries=1)
    def work() -> None:
        calls.append("work")
        raise ValueError("wrong")

    @work.on_running
    def started(task: Any, run: Any, state: State[Any]) -> None:
        calls.append(f"on_running {run.state.name}")

    @work.on_failure
    @work.on_completion
    async def ended(task: Any, run: Any, state: State[Any]) -> None:
        calls.append(f"ended {state.name}")

    with pytest.raises(ValueError, match="wrong"):
        work()
    assert calls == ["on_running Running", "work", "on_running Retrying", "work", "ended Failed"]
    assert (work.on_running_hooks, work.on_completion_hooks) == ([started], [ended])


def test_asynchronous_hooks_of_synchronous_tasks_within_a_loop(recorder: ListRecorder) -> None:
    calls = []

    async def hook(task: Any, run: Any, state: State[Any]) -> None:
        await asyncio.sleep(0)
        calls.append(state.name)

    @task(on_completion=[hook])
    def work() -> None: ...

    @flow
    async def pipeline() -> None:
        work()

    asyncio.run(pipeline())
    assert calls == ["Completed"]


def test_a_wrapping_function_is_given_arguments_by_place(recorder: ListRecorder) -> None:
    seen: list[object] = []

    def watched(function: Any) -> Any:
        @functools.wraps(function)
        def inner(*args: object, **kwargs: object) -> object:
            seen.append((args, kwargs))
            return function(*args, **kwargs)

        return inner

    @task
    @watched
    def add(a: int, b: int = 1, *, c: int = 0) -> int:
        return a + b + c

    assert (add(2), add(a=2, b=3), add.submit(1, c=4).result()) == (3, 5, 6)
    assert seen == [((2, 1), {"c": 0}), ((2, 3), {"c": 0}), ((1, 1), {"c": 4})]
