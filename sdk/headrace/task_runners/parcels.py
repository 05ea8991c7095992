"""Calls that go to another process, and what comes back of them, as bytes.

A parcel holds the task with its arguments, and as much of the task run and the flow runs around it
as the code within it may ask for. What an importable module defines travels by name; functions,
classes and tasks of the script itself, lambdas and closures travel by value.
"""

from __future__ import annotations

import io
import pickle
import types
from typing import TYPE_CHECKING, Any, NamedTuple

import cloudpickle  # type: ignore[import-untyped]

from headrace.context import CURRENT_TAGS, LiveFlowRun, LiveTaskRun, title_of
from headrace.definitions import Definition
from headrace.engine.flow_run import FlowRun
from headrace.engine.task_run import TaskRun
from headrace.exceptions import UnpicklableArgument, UnpicklableError, UnpicklableResult
from headrace.pickling import DefinitionPickler, bare
from headrace.prints import capture_prints
from headrace.settings import get_settings
from headrace.text import describe_error
from headrace.threads import WorkerPool
from headrace.tracebacks import InAnotherProcess

if TYPE_CHECKING:
    from headrace.context import Environment

#: What of a run stays where it is: it belongs to a process, or is made anew in the other one.
_STAYS = frozenset(
    {
        "args",
        "arguments",
        "caller",
        "change",
        "clock",
        "closed",
        "counters",
        "environment",
        "final",
        "flow",
        "flow_run",
        "kwargs",
        "lease",
        "living",
        "logged",
        "logger",
        "parent",
        "parent_task_run",
        "pauses",
        "pending",
        "pool",
        "provenance",
        "record",
        "remote",
        "runner",
        "task",
        "transaction",
        "upstream",
        "view",
        "__weakref__",
    }
)


class Outcome(NamedTuple):
    """What came of a call elsewhere.

    `expired` tells that it was stopped, since its time was over; `trace` where it raised;
    `asset_metadata` what the task has said of the assets that it makes.
    """

    value: object
    error: BaseException | None = None
    expired: bool = False
    trace: str | None = None
    asset_metadata: dict[str, dict[str, Any]] | None = None

    def get(self) -> object:
        """The value.

        Raises:
            BaseException: what the call raised; its cause shows where.
        """
        if self.error is None:
            return self.value
        if self.trace is not None and self.error.__cause__ is None:
            self.error.__cause__ = InAnotherProcess(self.trace)
        raise self.error


class _FlowRunParts(NamedTuple):
    """What is sent of a flow run; each of its values by itself, so that one may be left out."""

    flow: bytes
    values: dict[str, bytes]
    parent: _FlowRunParts | None


class Packer:
    """Makes parcels; what is the same in many of them, the flow run, it pickles once."""

    def __init__(self) -> None:
        self._flow_runs: dict[LiveFlowRun, bytes] = {}

    def pack(self, run: LiveTaskRun) -> bytes:
        """The next call of a task run.

        Raises:
            UnpicklableArgument: an argument, or the task itself, cannot be sent; it says what.
        """
        flow_run = run.flow_run
        packed = None
        if flow_run is not None:
            packed = self._flow_runs.get(flow_run)
            if packed is None:
                packed = self._flow_runs[flow_run] = dumps(_flow_run_parts(flow_run))
        try:
            tags = CURRENT_TAGS.get()
            return dumps((run.task, run.args, run.kwargs, _values(run), tags, packed))
        except Exception as error:  # pickling runs the code of any class
            raise what_is_wrong(run, error) from error


def unpack_call(content: bytes, environment: Environment) -> TaskRun:
    """The task run of a parcel, as a run of this process that is about to make its call.

    The tags that hold where it was submitted hold from now on here.

    Raises:
        Exception: what it needs is not there, a module perhaps.
    """
    task, args, kwargs, values, tags, packed = pickle.loads(content)
    CURRENT_TAGS.set(tags)
    flow_run = None
    if packed is not None:
        flow_run = _rebuild_flow_run(pickle.loads(packed), environment)
        # What is submitted within runs here, not in processes of this process.
        flow_run.pool = WorkerPool(get_settings().task_runner_max_workers, flow_run.name)
    run = TaskRun(task, values["id"], values["name"], environment, flow_run, args, kwargs)
    for name, value in values.items():
        setattr(run, name, value)
    run.remote = run.lease = None
    run.clock = environment.clock
    run.record = environment.recorder.record
    if run.log_prints or (flow_run is not None and flow_run.log_prints):
        capture_prints()
    return run


def pack_outcome(outcome: Outcome, title: str) -> bytes:
    """What came of the call of `title`; what cannot be sent back is replaced by an error."""
    try:
        content = dumps(tuple(outcome))
        if outcome.error is not None:
            pickle.loads(content)  # errors are often pickled well, and cannot be read
    except Exception as error:  # pickling runs the code of any class
        if outcome.error is None:
            stand_in: Exception = UnpicklableResult(
                f"{title}: the result cannot be sent back from the other process: "
                f"{describe_error(error)}"
            )
        else:
            stand_in = UnpicklableError(describe_error(outcome.error))
        return dumps((None, stand_in, outcome.expired, outcome.trace))
    return content


def unpack_outcome(content: bytes) -> Outcome:
    """What `pack_outcome` made.

    Raises:
        Exception: it needs what is not there.
    """
    return Outcome(*pickle.loads(content))


def dumps(value: object) -> bytes:
    """Pickle, by value what cannot be imported elsewhere.

    Raises:
        Exception: it cannot be pickled.
    """
    file = io.BytesIO()
    _Pickler(file).dump(value)
    return file.getvalue()


class _Pickler(DefinitionPickler):
    """Knows of exceptions with an `__init__` of their own."""

    def travels(self, definition: Definition) -> bool:
        return not _is_importable(definition)

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, types.MethodType):
            # By default it would be looked up by its name, under which there may be a task.
            return types.MethodType, (obj.__func__, obj.__self__)
        if isinstance(obj, BaseException) and _has_own_init(type(obj)):
            # By default it would be called again with other arguments than the first time.
            return _new_error, (type(obj), obj.args), obj.__dict__
        return super().reducer_override(obj)


def _is_importable(definition: Definition) -> bool:
    """Whether another process finds it by its name."""
    module = getattr(definition.fn, "__module__", None)
    by_name = isinstance(definition.__reduce_ex__(4), str)
    return by_name and module not in (None, "__main__") and module not in _by_value()


def _by_value() -> Any:
    """The modules that the user wants to travel by value."""
    return cloudpickle.list_registry_pickle_by_value()


def _has_own_init(kind: type[BaseException]) -> bool:
    init: Any = kind.__init__
    return isinstance(init, types.FunctionType) and kind.__reduce__ is BaseException.__reduce__


def _new_error(kind: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    error = kind.__new__(kind, *args)
    error.args = args
    return error


def _values(run: LiveFlowRun | LiveTaskRun) -> dict[str, Any]:
    """The values of a run that travel, by name."""
    names = {name for kind in type(run).__mro__ for name in getattr(kind, "__slots__", ())}
    return {name: getattr(run, name) for name in names - _STAYS if hasattr(run, name)}


def _flow_run_parts(run: LiveFlowRun) -> _FlowRunParts:
    try:
        flow = dumps(run.flow)
    except Exception:  # its function refers to what cannot travel; its name and options can
        shell = bare(type(run.flow))
        shell.__dict__.update(run.flow.__dict__, fn=_not_here, hooks={})
        shell.__dict__ = {name: shell.__dict__[name] for name in _packed(shell.__dict__)}
        flow = dumps(shell)
    values = _packed({**_values(run), "arguments": run.arguments})
    parent = None if run.parent is None else _flow_run_parts(run.parent)
    return _FlowRunParts(flow, values, parent)


def _packed(values: dict[str, Any]) -> dict[str, bytes]:
    """Those of the values that can travel, each by itself."""
    packed = {}
    for name, value in values.items():
        try:
            packed[name] = dumps(value)
        except Exception:  # pickling runs the code of any class
            continue
    return packed


def _not_here(*args: object, **kwargs: object) -> None:
    raise UnpicklableArgument("this flow could not be sent to another process, only its name")


def _rebuild_flow_run(parts: _FlowRunParts, environment: Environment) -> FlowRun:
    parent = None if parts.parent is None else _rebuild_flow_run(parts.parent, environment)
    values = {name: pickle.loads(content) for name, content in parts.values.items()}
    flow = pickle.loads(parts.flow)
    run = FlowRun(flow, values["id"], values["name"], environment, parent, None)
    for name, value in values.items():
        setattr(run, name, value)
    run.clock = environment.clock
    return run


def what_is_wrong(run: LiveTaskRun, error: Exception) -> UnpicklableArgument:
    """The error that names the first argument that cannot be sent, if it is one."""
    for name, value in run.parameters.items():
        try:
            dumps(value)
        except Exception as reason:
            return UnpicklableArgument(
                f"{title_of(run)}: argument '{name}' cannot be sent to another process: "
                f"{describe_error(reason)}"
            )
    return UnpicklableArgument(
        f"{title_of(run)} cannot be sent to another process: {describe_error(error)}"
    )
