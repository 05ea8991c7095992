"""Keys of calls: which calls are the same."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from headrace.cache_policies import (
    DEFAULT,
    FLOW_PARAMETERS,
    INPUTS,
    NO_CACHE,
    NONE,
    RUN_ID,
    TASK_SOURCE,
    CacheKeyFnPolicy,
    CachePolicy,
    Inputs,
)
from headrace.exceptions import HashError
from headrace.hashing import hash_value
from headrace.locking.memory import MemoryLockManager
from headrace.tasks import Task


def one(x: int) -> int:
    return x + 1


def two(x: int) -> int:
    return x + 2


def key(
    policy: CachePolicy,
    inputs: dict[str, Any] | None = None,
    flow: dict[str, Any] | None = None,
    run: int = 1,
    fn: Callable[..., Any] = one,
) -> str | None:
    """The key of a call within flow run number `run`."""
    task_run = SimpleNamespace(flow_run_id=UUID(int=run), id=UUID(int=99))
    context: Any = SimpleNamespace(task=Task(fn), task_run=task_run)
    return policy.compute_key(context, inputs or {}, flow or {})


SAME, OTHER = "same", "other"


@pytest.mark.parametrize(
    ("policy", "change", "expected"),
    [
        (INPUTS, {"inputs": {"x": 2}}, OTHER),
        (INPUTS, {"inputs": {"x": 1}, "run": 2, "fn": two, "flow": {"a": 1}}, SAME),
        (INPUTS - "y", {"inputs": {"x": 1, "y": 2}}, SAME),
        (INPUTS - "x", {"inputs": {"x": 2}}, SAME),
        (TASK_SOURCE, {"inputs": {"x": 2}, "run": 2}, SAME),
        (TASK_SOURCE, {"fn": two}, OTHER),
        (FLOW_PARAMETERS, {"flow": {"a": 2}}, OTHER),
        (FLOW_PARAMETERS, {"flow": {"a": 1}, "inputs": {"x": 2}, "run": 2}, SAME),
        (RUN_ID, {"run": 2}, OTHER),
        (RUN_ID, {"inputs": {"x": 2}, "fn": two}, SAME),
        (INPUTS + TASK_SOURCE, {"inputs": {"x": 1}, "run": 2}, SAME),
        (INPUTS + TASK_SOURCE, {"inputs": {"x": 2}}, OTHER),
        (INPUTS + TASK_SOURCE, {"inputs": {"x": 1}, "fn": two}, OTHER),
        (INPUTS + TASK_SOURCE - "x", {"inputs": {"x": 2}}, SAME),
        (INPUTS + NO_CACHE, {"inputs": {"x": 1}, "run": 2}, SAME),
        (NONE + INPUTS, {"inputs": {"x": 2}}, OTHER),
        (DEFAULT, {"inputs": {"x": 1}}, SAME),
        (DEFAULT, {"inputs": {"x": 2}}, OTHER),
        (DEFAULT, {"inputs": {"x": 1}, "run": 2}, OTHER),
        (DEFAULT - "x", {"inputs": {"x": 2}}, SAME),
    ],
)
def test_which_calls_are_the_same(
    policy: CachePolicy, change: dict[str, Any], expected: str
) -> None:
    first = key(policy, inputs={"x": 1}, flow={"a": 1})
    second = key(policy, **{"inputs": {"x": 1}, "flow": {"a": 1}, **change})
    assert first is not None
    assert (second == first) == (expected == SAME)


@pytest.mark.parametrize("policy", [INPUTS, FLOW_PARAMETERS, NO_CACHE, NONE, NO_CACHE + NONE])
def test_no_key_without_anything_to_make_it_of(policy: CachePolicy) -> None:
    assert key(policy) is None


def test_outside_of_flows_the_run_is_the_tasks() -> None:
    task_run = SimpleNamespace(flow_run_id=None, id=UUID(int=5))
    context: Any = SimpleNamespace(task_run=task_run)
    assert RUN_ID.compute_key(context, {}, {}) == str(UUID(int=5))


def test_a_policy_of_ones_own() -> None:
    class ByDay(CachePolicy):
        def compute_key(self, task_ctx: Any, inputs: Any, flow_parameters: Any, **_: Any) -> str:
            return f"day-{inputs['day']}"

    assert key(ByDay(), {"day": 3}) == "day-3"


def test_a_function_makes_the_key() -> None:
    policy = CachePolicy.from_cache_key_fn(lambda run, inputs: f"k{inputs['x']}")
    assert isinstance(policy, CacheKeyFnPolicy)
    assert key(policy, {"x": 7}) == "k7"


def test_what_cannot_be_hashed_is_named() -> None:
    with pytest.raises(HashError, match=r"^argument 'lock' cannot be hashed: TypeError: "):
        key(INPUTS, {"x": 1, "lock": threading.Lock()})
    assert key(INPUTS - "lock", {"x": 1, "lock": threading.Lock()}) == key(INPUTS, {"x": 1})


def test_only_names_are_taken_out() -> None:
    subtrahend: Any = INPUTS
    with pytest.raises(TypeError, match="Can only subtract strings"):
        INPUTS - subtrahend
    assert (TASK_SOURCE - "x") is TASK_SOURCE


def test_configure_changes_a_copy() -> None:
    manager = MemoryLockManager()
    policy = INPUTS.configure(
        key_storage="keys", lock_manager=manager, isolation_level="SERIALIZABLE"
    )
    assert (policy.key_storage, policy.isolation_level) == ("keys", "SERIALIZABLE")
    assert policy.lock_manager is manager
    assert Inputs() == INPUTS
    total = policy + TASK_SOURCE
    assert (total.key_storage, total.lock_manager) == ("keys", manager)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"key_storage": "b"}, "storage locations"),
        ({"isolation_level": "READ_COMMITTED"}, "isolation levels"),
        ({"lock_manager": object()}, "lock implementations"),
    ],
)
def test_policies_that_differ_cannot_be_added(options: dict[str, Any], what: str) -> None:
    one = INPUTS.configure("a", MemoryLockManager(), "SERIALIZABLE")
    with pytest.raises(ValueError, match=f"different {what}"):
        one + TASK_SOURCE.configure(**options)


@dataclasses.dataclass
class Point:
    x: int
    tags: set[str]


@pytest.mark.parametrize(
    ("make", "others"),
    [
        (lambda: [1, 2], [(1, 2), [2, 1], [1, 2, 3], [[1], 2], [1.0, 2], [True, 2], "[1, 2]"]),
        (lambda: {"a": 1, "b": 2}, [{"a": 2, "b": 1}, {"a": 1}, [("a", 1), ("b", 2)]]),
        (lambda: {"b": 2, "a": 1}, [{"b": 1, "a": 2}]),
        (lambda: {"x", "y", "z"}, [{"x", "y"}, frozenset({"x", "y", "z"})]),
        (lambda: "text", [b"text", "texts", "tex" + "T"]),
        (lambda: [["ab"], "c"], [["ab", "c"], [["a"], "bc"]]),
        (lambda: Path("a"), [Path("b"), "a"]),
        (lambda: None, [False, 0, "", "None"]),
        (lambda: Point(1, {"a", "b"}), [Point(2, {"a", "b"}), Point(1, {"a"})]),
    ],
)
def test_equal_values_have_one_hash_and_others_another(
    make: Callable[[], object], others: list[object]
) -> None:
    own = hash_value(make())
    assert own == hash_value(make())
    assert own not in [hash_value(other) for other in others]
    assert hash_value({"a": 1, "b": 2}) == hash_value({"b": 2, "a": 1})


def test_code_without_source_counts_as_well() -> None:
    scope: dict[str, Any] = {}
    exec("def first(x): return x\ndef again(x): return x\ndef other(x): return -x", scope)
    first, again, other = (key(TASK_SOURCE, fn=scope[name]) for name in ("first", "again", "other"))
    assert first == again != other
