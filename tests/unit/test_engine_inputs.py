"""What goes into a task run: futures, and results of others, wherever they are among arguments."""

from __future__ import annotations

import dataclasses
import gc
from typing import Any, NamedTuple

import pydantic
import pytest

from headrace import flow, task
from headrace.engine.inputs import Inputs, resolve
from headrace.exceptions import UnfinishedRun
from headrace.ids import new_id
from headrace.nesting import MAX_DEPTH
from headrace.provenance import MAX_HELD, Provenance
from headrace.records import TaskRunCreated
from headrace.states import Cancelled, Crashed, Running
from headrace.utilities.annotations import allow_failure, opaque, quote, unmapped
from tests.run_kit import ListRecorder


class Thing:
    pass


def edges(recorder: ListRecorder) -> dict[str, dict[str, list[str]]]:
    """By task run: the names of the runs that went into each parameter."""
    created = [record for record in recorder.records if isinstance(record, TaskRunCreated)]
    names = {record.id: record.name for record in created}
    return {
        record.name: {
            parameter: [names.get(run_id, "a flow run") for run_id in ids]
            for parameter, ids in record.inputs.items()
        }
        for record in created
        if record.inputs
    }


@task
def make(value: Any) -> Any:
    return value


@task
def use(a: Any, b: Any = None, *rest: Any, **more: Any) -> Any:
    return None


@pytest.mark.parametrize(
    "value",
    [Thing(), ["a list"], {"a": "dict"}, {1}, 1.5, 1_000, "some text", b"bytes", (1, 2), range(9)],
)
def test_results_passed_on_are_edges(recorder: ListRecorder, value: object) -> None:
    @flow
    def pipeline() -> None:
        use(make(value))

    pipeline()
    assert edges(recorder) == {"use": {"a": ["make"]}}


@pytest.mark.parametrize("value", [None, True, 0, 256, -5, "", "x", "word", b"", (), ...])
def test_values_that_are_the_same_object_everywhere_are_none(
    recorder: ListRecorder, value: object
) -> None:
    @flow
    def pipeline() -> None:
        use(make(value))

    pipeline()
    assert edges(recorder) == {}


def test_edges_are_found_at_all_places(recorder: ListRecorder) -> None:
    @flow
    def pipeline() -> None:
        one, two, three = make([1]), make([2]), make([3])
        use([one, (two, {"key": three})], two, three, one, named=one)

    pipeline()
    assert edges(recorder)["use"] == {
        "a": ["make", "make-1", "make-2"],
        "b": ["make-1"],
        "rest": ["make-2", "make"],
        "named": ["make"],
    }


def test_a_container_that_is_passed_twice_counts_twice(recorder: ListRecorder) -> None:
    @flow
    def pipeline() -> None:
        value = [make([1]), make.submit([2])]
        use(value, value, named={"key": value})

    pipeline()
    both = ["make", "make-1"]
    assert edges(recorder)["use"] == {"a": both, "b": both, "named": both}


def test_results_of_futures_and_subflows_are_edges(recorder: ListRecorder) -> None:
    @flow
    def inner() -> list[int]:
        return [1]

    @flow
    def outer() -> None:
        future = make.submit(["submitted"])
        use(future, future.result())
        use(inner())

    outer()
    assert edges(recorder) == {
        "use": {"a": ["make"], "b": ["make"]},
        "use-1": {"a": ["a flow run"]},
    }


def test_equal_is_not_the_same(recorder: ListRecorder) -> None:
    @flow
    def pipeline() -> None:
        make([1])
        use([1])

    pipeline()
    assert edges(recorder) == {}


def test_arguments_arrive_as_they_were_given(recorder: ListRecorder) -> None:
    @task
    def same(value: Any) -> int:
        return id(value)

    @task
    def add_up(numbers: Any) -> int:
        return sum(numbers)

    @flow
    def pipeline() -> None:
        given = [[1, 2], {"a": (3,)}]
        assert same(given) == id(given)
        assert add_up(iter([1, 2, 3])) == 6
        assert add_up.submit(number for number in range(4)).result() == 6

    pipeline()


class Pair(NamedTuple):
    a: Any
    b: Any


def test_futures_are_replaced_wherever_they_are(recorder: ListRecorder) -> None:
    @flow
    def pipeline() -> None:
        one = make.submit(1)
        rest = [5, 6]
        value = [one, (one, rest), {"k": one}, {one}, Pair(one, rest)]
        one.wait()
        resolved: Any = resolve(value)
        assert resolved == [1, (1, [5, 6]), {"k": 1}, {1}, Pair(1, [5, 6])]
        assert resolved[1][1] is rest
        assert type(resolved[4]) is Pair

    pipeline()


def test_futures_are_found_in_long_lists(recorder: ListRecorder) -> None:
    @flow
    def pipeline() -> int:
        value = [*range(1000), {"deep": [make.submit(1)]}]
        return len(make(value)[-1]["deep"])

    assert pipeline() == 1
    assert edges(recorder) == {"make-1": {"value": ["make"]}}


def test_containers_that_hold_themselves(recorder: ListRecorder) -> None:
    cycle: list[Any] = [1]
    cycle.extend([cycle] * 50)

    @flow
    def pipeline() -> None:
        make.submit(1).wait()
        assert make(cycle) is cycle

    pipeline()
    found = Inputs()
    found.look_into("a", cycle, None)
    assert (found.edges, found.futures) == ({}, [])


def nested(value: object, depth: int) -> Any:
    for _ in range(depth):
        value = [value]
    return value


def test_nesting_of_any_depth_can_be_passed(recorder: ListRecorder) -> None:
    @flow
    def pipeline(value: Any) -> None:
        future = make.submit(1)
        future.wait()
        deep = nested(future, 5000)
        use(deep, future)
        deepest = make(nested(future, MAX_DEPTH - 1))
        for _ in range(MAX_DEPTH - 1):
            (deepest,) = deepest
        assert deepest == 1

    pipeline(nested(0, 5000))
    assert edges(recorder) == {"use": {"b": ["make"]}, "make-1": {"value": ["make"]}}


# --- Provenance -------------------------------------------------------------------------------


def test_objects_are_let_go_of_once_nobody_else_has_them() -> None:
    provenance = Provenance()
    for number in range(10_000):
        provenance.track([number], new_id())
    assert len(provenance) <= 3
    thing = Thing()
    provenance.track(thing, new_id())
    assert provenance.find(thing)
    before = len(provenance)
    del thing
    gc.collect()
    assert len(provenance) == before - 1


def test_objects_in_use_are_held_up_to_a_bound() -> None:
    provenance = Provenance()
    lists = [[number] for number in range(2 * MAX_HELD)]
    for value in lists:
        provenance.track(value, new_id())
    assert len(provenance) <= MAX_HELD + 1
    assert provenance.find(lists[-1])


def test_an_object_at_the_address_of_another_is_not_it() -> None:
    provenance = Provenance()
    provenance.track(["a", "b"], new_id())
    assert provenance.find(["a", "b"]) is None


def test_the_last_run_that_gave_an_object_counts() -> None:
    provenance = Provenance()
    value = ["a"]
    first, second = new_id(), new_id()
    provenance.track(value, first)
    provenance.track(value, second)
    assert provenance.find(value) == second


@dataclasses.dataclass(frozen=True)
class Order:
    item: Any
    note: str = ""


class Basket(pydantic.BaseModel):
    items: Any
    note: str = ""


def test_futures_within_dataclasses_and_models(recorder: ListRecorder) -> None:
    @flow
    def pipeline() -> None:
        future: Any = make.submit(3)
        order = Order([future], "urgent")
        basket = Basket(items={"tea": future}, note="cold")
        assert make(order) == Order([3], "urgent")
        assert make.submit(basket).result() == Basket(items={"tea": 3}, note="cold")
        assert order.item == [future]  # what the caller holds is not changed
        plain = Order(1)
        assert make(plain) is plain

    pipeline()
    assert edges(recorder)["make-1"] == {"value": ["make"]}
    assert edges(recorder)["make-2"] == {"value": ["make"]}


def test_states_stand_for_their_results(recorder: ListRecorder) -> None:
    @task
    def fail() -> None:
        raise ValueError("no")

    @flow
    def pipeline() -> None:
        assert make([make(7, return_state=True)]) == [7]
        failed = fail(return_state=True)
        with pytest.raises(UnfinishedRun):
            make(failed)
        assert str(make(allow_failure(failed))) == "no"

    pipeline()


def test_marks_of_arguments(recorder: ListRecorder) -> None:
    @task
    def fail() -> None:
        raise ValueError("no")

    @flow
    def pipeline() -> None:
        good: Any = make.submit(3)
        bad: Any = fail.submit()
        assert make(quote([good])) == [good]
        assert make(opaque(good)) == 3
        assert make(unmapped([1])) == [1]
        assert [str(item) for item in make(allow_failure([bad, good]))] == ["no", "3"]
        assert make(1, wait_for=[allow_failure(bad)]) == 1
        assert make.submit(1, wait_for=good).result() == 1
        assert make.submit(1, wait_for=[5]).result() == 1
        with pytest.raises(UnfinishedRun):
            make(1, wait_for=[bad])

    pipeline()


def test_iterators_arrive_unexhausted(recorder: ListRecorder) -> None:
    @task
    def total(numbers: Any) -> int:
        return sum(numbers)

    @flow
    def pipeline() -> None:
        assert total(iter([1, 2, 3])) == 6
        assert total(number for number in (1, 2, 3)) == 6
        assert total.submit(map(int, "123")).result() == 6
        assert make([zip([1], [2], strict=True)])[0].__next__() == (1, 2)

    pipeline()


def test_a_task_called_by_a_task_knows_its_parent(recorder: ListRecorder) -> None:
    @task
    def outer() -> Any:
        return make(1) + make.submit(2).result()

    @flow
    def pipeline() -> Any:
        return outer()

    assert pipeline() == 3
    assert edges(recorder) == {
        "make": {"__parents__": ["outer"]},
        "make-1": {"__parents__": ["outer"]},
    }


def test_mapped_calls_know_where_their_items_came_from(recorder: ListRecorder) -> None:
    @flow
    def pipeline() -> list[int]:
        return make.map(make.submit([1, 2])).result()

    assert pipeline() == [1, 2]
    assert edges(recorder) == {"make-1": {"value": ["make"]}, "make-2": {"value": ["make"]}}


def test_futures_far_down_in_rows_are_found(recorder: ListRecorder) -> None:
    @flow
    def pipeline() -> None:
        future: Any = make.submit(3)
        rows: list[Any] = [{"number": number} for number in range(500)]
        rows[450] = {"number": future}
        assert make(rows)[450] == {"number": 3}
        rows[451] = ("deep", [[future]])
        assert make(rows)[451] == ("deep", [[3]])

    pipeline()


def test_what_may_fail_may_neither_crash_nor_be_cancelled(recorder: ListRecorder) -> None:
    @flow
    def pipeline() -> None:
        for state in (Crashed(), Cancelled(), Running()):
            never: Any = make(allow_failure(state), return_state=True)
            assert str(never.data).startswith("Upstream task run 'None' did not reach")
        late: Any = make(allow_failure(never), return_state=True)
        assert late.is_completed()
        failed: Any = make.submit(Cancelled())
        failed.wait()
        never = make(failed.state, return_state=True)
        assert f"'{failed.task_run_id}'" in str(never.data)

    pipeline()
