"""What goes into a task run: futures and states among its arguments, and results of other runs.

All are looked for in the arguments themselves and within lists, tuples, sets, dicts, dataclasses
and pydantic models. Arguments reach the task as they were given, the same objects, unless something
within has to be replaced by its result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from headrace.context import LiveFlowRun
from headrace.exceptions import UpstreamTaskError
from headrace.futures import HeadraceFuture
from headrace.nesting import MAX_DEPTH, PLAIN, holds_plain, is_container, items_of, replace
from headrace.parameters import Shape
from headrace.provenance import Provenance
from headrace.records import StateType
from headrace.states import NotReady, State
from headrace.utilities.annotations import BaseAnnotation, allow_failure, quote

#: How many items of a container are looked at for results of other runs. Futures, which matter
#: to whether the call can be made at all, are found whatever the size.
MAX_LOOKED_AT = 100


class Inputs:
    """What was found in a call's arguments.

    Attributes:
        edges: by parameter name, the ids of the runs whose results go into it.
        futures: the futures found, which have to end before the call.
        required: the futures and states that have to be completed then.
        may_fail: those that may have failed, too: they are marked by `allow_failure`.
        replace: whether anything found stands for something else in the arguments.
    """

    __slots__ = ("edges", "futures", "may_fail", "replace", "required")

    def __init__(self) -> None:
        self.edges: dict[str, list[UUID]] = {}
        self.futures: list[HeadraceFuture[Any]] = []
        self.required: list[HeadraceFuture[Any] | State[Any]] = []
        self.may_fail: list[HeadraceFuture[Any] | State[Any]] = []
        self.replace = False

    def look_into(self, name: str, value: object, provenance: Provenance | None) -> None:
        """Find what goes into the parameter `name`."""
        ids: list[UUID] = []
        # The containers on the way are kept in mind: they may hold themselves.
        self._search(value, provenance, ids, set(), MAX_DEPTH, False)
        if ids:
            self.edges[name] = [*self.edges.get(name, ()), *dict.fromkeys(ids)]

    def _search(
        self,
        value: object,
        provenance: Provenance | None,
        ids: list[UUID],
        seen: set[int],
        depth: int,
        may_fail: bool,
    ) -> None:
        if isinstance(value, HeadraceFuture | State):
            self.replace = True
            if isinstance(value, HeadraceFuture):
                self.futures.append(value)
                ids.append(value.task_run_id)
            (self.may_fail if may_fail else self.required).append(value)
            return
        if isinstance(value, BaseAnnotation):
            self.replace = True
            if not isinstance(value, quote):
                failing = isinstance(value, allow_failure)
                self._search(value.value, provenance, ids, seen, depth, failing)
            return
        if provenance is not None and (found := provenance.find(value)) is not None:
            ids.append(found)
        if not is_container(value) or id(value) in seen or not depth:
            return
        seen.add(id(value))
        items = items_of(value)
        for item in items[:MAX_LOOKED_AT]:
            self._search(item, provenance, ids, seen, depth - 1, may_fail)
        rest = items[MAX_LOOKED_AT:]
        # The types alone tell fast that a long list of numbers, or of rows, holds no future.
        if not holds_plain(rest):
            for item in rest:
                if not (is_container(item) and holds_plain(items_of(item))):
                    self._search(item, None, ids, seen, depth - 1, may_fail)


def find_inputs(
    shape: Shape,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    flow_run: LiveFlowRun | None,
) -> Inputs | None:
    """What goes into a call; None if nothing does, as with most calls."""
    provenance = None if flow_run is None else flow_run.provenance
    if not provenance:  # nothing is known yet
        provenance = None
    found: Inputs | None = None
    names = shape.positional
    for index, value in enumerate(args):
        if _may_hold(value, provenance):
            found = found or Inputs()
            name = names[index] if index < len(names) else shape.variadic or ""
            found.look_into(name, value, provenance)
    for name, value in kwargs.items():
        if _may_hold(value, provenance):
            found = found or Inputs()
            found.look_into(name, value, provenance)
    return found


def _may_hold(value: object, provenance: Provenance | None) -> bool:
    if type(value) not in PLAIN and (
        isinstance(value, HeadraceFuture | State) or is_container(value)
    ):
        return True
    return provenance is not None and provenance.find(value) is not None


def resolve(value: object) -> object:
    """`value` with results in the places of its futures and states, and without its marks.

    It is the same object if there are none. The futures have ended; see `not_ready` for those that
    have not ended well.
    """
    return replace(value, _take, unmark=True)


def _take(value: object) -> object:
    if isinstance(value, HeadraceFuture):
        return _result_of(value.state)
    return _result_of(value) if isinstance(value, State) else value


def _result_of(state: State[Any]) -> object:
    """What came of a run: its value, or the exception of one that may fail."""
    if state.type is StateType.PENDING:  # it never started
        return state.data
    return state.outcome(raise_on_failure=False)


def not_ready(
    required: Iterable[HeadraceFuture[Any] | State[Any]],
    may_fail: Iterable[HeadraceFuture[Any] | State[Any]] = (),
) -> State[Any] | None:
    """The state of a run that can never start, for what its inputs have come to.

    Args:
        required: what has to be completed.
        may_fail: what may have failed, or never have started since an input of its own had failed.
    """
    for needed in required:
        if not _state_of(needed).is_completed():
            return _never_starts(needed)
    for needed in may_fail:
        state = _state_of(needed)
        if not (state.is_completed() or state.is_failed() or state.name == "NotReady"):
            return _never_starts(needed)
    return None


def _state_of(needed: HeadraceFuture[Any] | State[Any]) -> State[Any]:
    return needed.state if isinstance(needed, HeadraceFuture) else needed


def _never_starts(needed: HeadraceFuture[Any] | State[Any]) -> State[Any]:
    state = _state_of(needed)
    run_id = state.flow_run_id if needed.task_run_id is None else needed.task_run_id
    message = f"Upstream task run '{run_id}' did not reach a 'COMPLETED' state."
    error = UpstreamTaskError(message)
    if isinstance(needed, HeadraceFuture):
        error.add_note(f"upstream task run '{needed.name}' ended in state {state}")
    if isinstance(state.data, BaseException):
        error.__cause__ = state.data
    return NotReady(message, error)
