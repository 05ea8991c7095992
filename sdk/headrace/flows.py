"""Flows: functions whose calls are runs of a workflow.

@flow(name="My Pipeline", log_prints=True)
def pipeline(url: str) -> list[dict]:
    return process(fetch(url))

pipeline("https://example.org/data.json")
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, overload

from headrace.definitions import Definition

if TYPE_CHECKING:
    from headrace.engine.hooks import Hook
    from headrace.result_storages import ResultStorage
    from headrace.results import ResultSerializer
    from headrace.states import State
    from headrace.task_runners import TaskRunner

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R", covariant=True)
S = TypeVar("S")
T = TypeVar("T")


class Flow(Definition, Generic[P, R]):
    """A flow; made by the decorator `flow`, which tells what the options mean."""

    kind = "flow"

    def __init__(
        self,
        fn: Callable[P, R],
        *,
        name: str | None = None,
        validate_parameters: bool = True,
        task_runner: TaskRunner[Any] | type[TaskRunner[Any]] | None = None,
        persist_result: bool | None = None,
        result_storage: ResultStorage | None = None,
        result_serializer: ResultSerializer | None = None,
        cache_result_in_memory: bool = True,
        **options: Any,
    ) -> None:
        if name is None:
            default = getattr(fn, "__name__", type(fn).__name__).replace("_", "-")
            name = default[:1024] or "unnamed"
        super().__init__(fn, name=name, **options)
        self.should_validate = validate_parameters
        self._task_runner = task_runner
        if persist_result is None and (result_storage or result_serializer) is not None:
            persist_result = True
        self.persist_result = persist_result
        self.result_storage = result_storage
        self.result_serializer = result_serializer
        self.cache_result_in_memory = cache_result_in_memory
        self._options = {"name": name, **options}

    @functools.cached_property
    def task_runner(self) -> TaskRunner[Any]:
        """Where its submitted tasks run."""
        from headrace.task_runners import ThreadPoolTaskRunner  # not needed by every flow

        given = self._task_runner or ThreadPoolTaskRunner
        return given() if isinstance(given, type) else given

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

    @overload
    def __call__(
        self: Flow[..., Coroutine[Any, Any, T]],
        *args: Any,
        return_state: Literal[True],
        **kwargs: Any,
    ) -> Coroutine[Any, Any, State[T]]: ...

    @overload
    def __call__(self, *args: Any, return_state: Literal[True], **kwargs: Any) -> State[R]: ...

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the flow, and return its value.

        When a flow that was not called by another one returns, everything that it did is recorded
        for good.

        Args:
            return_state: True returns the final state instead, and raises nothing.

        Raises:
            ParameterBindError: a call with these arguments is not possible.
            ParameterTypeError: an argument does not fit its annotation.
            SetupError: nothing can be recorded as things stand.
            Exception: what the function raised, once its retries are used up.
        """
        return _call(self, args, kwargs)

    @overload
    def __get__(self, instance: None, owner: type) -> Flow[P, R]: ...

    @overload
    def __get__(
        self: Flow[Concatenate[S, Q], T], instance: S, owner: type | None = None
    ) -> Flow[Q, T]: ...

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a method: the flow with its `self` bound."""
        return self._bind(instance, owner)

    def with_options(self, **options: Any) -> Flow[P, R]:
        """The same function as another flow; `options` are those of the decorator."""
        mine = {
            "validate_parameters": self.should_validate,
            "task_runner": self._task_runner,
            "persist_result": self.persist_result,
            "result_storage": self.result_storage,
            "result_serializer": self.result_serializer,
            "cache_result_in_memory": self.cache_result_in_memory,
            **self._options,
        }
        return Flow(self.fn, **{**mine, **options})


def _call(flow: Flow[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Load the engine at the first call, and be replaced by its function."""
    global _call
    from headrace.engine.entry import call_flow

    _call = call_flow
    return call_flow(flow, args, kwargs)


@overload
def flow(fn: Callable[P, R], /) -> Flow[P, R]: ...


@overload
def flow(
    *,
    name: str | None = None,
    description: str | None = None,
    tags: Iterable[str] | None = None,
    version: str | None = None,
    retries: int = 0,
    retry_delay_seconds: float | Sequence[float] = 0,
    timeout_seconds: float | None = None,
    validate_parameters: bool = True,
    task_runner: TaskRunner[Any] | type[TaskRunner[Any]] | None = None,
    persist_result: bool | None = None,
    result_storage: ResultStorage | None = None,
    result_serializer: ResultSerializer | None = None,
    cache_result_in_memory: bool = True,
    log_prints: bool | None = None,
    on_completion: Sequence[Hook] | None = None,
    on_failure: Sequence[Hook] | None = None,
    on_crashed: Sequence[Hook] | None = None,
    on_running: Sequence[Hook] | None = None,
) -> Callable[[Callable[P, R]], Flow[P, R]]: ...


def flow(
    fn: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    tags: Iterable[str] | None = None,
    version: str | None = None,
    retries: int = 0,
    retry_delay_seconds: float | Sequence[float] = 0,
    timeout_seconds: float | None = None,
    validate_parameters: bool = True,
    task_runner: TaskRunner[Any] | type[TaskRunner[Any]] | None = None,
    persist_result: bool | None = None,
    result_storage: ResultStorage | None = None,
    result_serializer: ResultSerializer | None = None,
    cache_result_in_memory: bool = True,
    log_prints: bool | None = None,
    on_completion: Sequence[Hook] | None = None,
    on_failure: Sequence[Hook] | None = None,
    on_crashed: Sequence[Hook] | None = None,
    on_running: Sequence[Hook] | None = None,
) -> Any:
    """Make a function a flow.

        @flow
        def pipeline(day: datetime.date): ...

        @flow(name="My Pipeline", retries=1, log_prints=True)
        def other(): ...

    Args:
        name: what messages and the monitor call it; by default the function's name, with dashes.
        description: by default the function's docstring.
        tags, version: words to find its runs by, and any text.
        retries: how often to run the whole flow again when it raises.
        retry_delay_seconds: how long to wait before; a list names each retry's own delay.
        timeout_seconds: how long one attempt may take.
        validate_parameters: whether arguments are checked against the annotations, and converted:
            "5" becomes 5 for an `int`.
        task_runner: where its submitted tasks run; by default in 32 threads.
        persist_result: whether its result and those of its tasks are kept, where they do not say.
        result_storage, result_serializer: where kept results go, and how they become bytes.
        cache_result_in_memory: False reads a kept result anew whenever it is asked for.
        log_prints: whether `print` writes log lines; by default as in the flow that calls it.
        on_completion, on_failure, on_crashed, on_running: called with flow, run and state.

    Raises:
        ValueError: an option has an unusable value.
    """
    options: dict[str, Any] = {
        "name": name,
        "description": description,
        "tags": tags,
        "version": version,
        "retries": retries,
        "retry_delay_seconds": retry_delay_seconds,
        "timeout_seconds": timeout_seconds,
        "validate_parameters": validate_parameters,
        "task_runner": task_runner,
        "persist_result": persist_result,
        "result_storage": result_storage,
        "result_serializer": result_serializer,
        "cache_result_in_memory": cache_result_in_memory,
        "log_prints": log_prints,
        "hooks": {
            "on_completion": on_completion,
            "on_failure": on_failure,
            "on_crashed": on_crashed,
            "on_running": on_running,
        },
    }
    if fn is None:
        return lambda function: Flow(function, **options)
    return Flow(fn, **options)
