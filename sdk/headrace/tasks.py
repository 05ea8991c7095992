"""Tasks: functions whose calls are recorded, retried, cached and run in parallel.

@task(retries=3, retry_delay_seconds=10)
def fetch(url: str) -> bytes: ...

page = fetch("https://example.org")            # in a flow, or on its own
future = fetch.submit("https://example.org")   # in a thread
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, overload

from headrace.definitions import Definition

if TYPE_CHECKING:
    import datetime

    from headrace.context import TaskRunContext
    from headrace.engine.hooks import Hook
    from headrace.futures import HeadraceFuture, HeadraceFutureList
    from headrace.states import State

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R", covariant=True)
S = TypeVar("S")
T = TypeVar("T")

#: Makes the key of a call's result from the task run and the arguments; None does not cache it.
CacheKeyFunction = Callable[["TaskRunContext", dict[str, Any]], "str | None"]


class Task(Definition, Generic[P, R]):
    """A task; made by the decorator `task`, which tells what the options mean."""

    kind = "task"

    def __init__(
        self,
        fn: Callable[P, R],
        *,
        cache_key_fn: CacheKeyFunction | None = None,
        cache_expiration: datetime.timedelta | None = None,
        **options: Any,
    ) -> None:
        super().__init__(fn, **options)
        self.cache_key_fn = cache_key_fn
        self.cache_expiration = cache_expiration
        self._options = options

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

    @overload
    def __call__(
        self: Task[..., Coroutine[Any, Any, T]],
        *args: Any,
        return_state: Literal[True],
        wait_for: Iterable[HeadraceFuture[Any]] | None = None,
        **kwargs: Any,
    ) -> Coroutine[Any, Any, State[T]]: ...

    @overload
    def __call__(
        self,
        *args: Any,
        return_state: Literal[True],
        wait_for: Iterable[HeadraceFuture[Any]] | None = None,
        **kwargs: Any,
    ) -> State[R]: ...

    @overload
    def __call__(
        self, *args: Any, wait_for: Iterable[HeadraceFuture[Any]] | None, **kwargs: Any
    ) -> R: ...

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task here, and return its value.

        Args:
            return_state: True returns the final state instead, and raises nothing.
            wait_for: futures that have to complete before the task starts.

        Raises:
            ParameterBindError: the arguments do not fit the function.
            UpstreamTaskError: a future among the arguments did not complete.
            Exception: what the function raised, once its retries are used up.
        """
        return _call(self, args, kwargs)

    @overload
    def submit(
        self: Task[..., Coroutine[Any, Any, T]],
        *args: Any,
        wait_for: Iterable[HeadraceFuture[Any]] | None = None,
        **kwargs: Any,
    ) -> HeadraceFuture[T]: ...

    @overload
    def submit(
        self,
        *args: Any,
        wait_for: Iterable[HeadraceFuture[Any]] | None = None,
        **kwargs: Any,
    ) -> HeadraceFuture[R]: ...

    def submit(
        self,
        *args: Any,
        wait_for: Iterable[HeadraceFuture[Any]] | None = None,
        **kwargs: Any,
    ) -> HeadraceFuture[Any]:
        """Let the task run in a thread, and go on.

        Futures among the arguments, also within lists, tuples, sets and dicts, stand for their
        results: the task starts once they have completed.

        Args:
            wait_for: futures that have to complete before the task starts.

        Raises:
            ParameterBindError: the arguments do not fit the function.
        """
        from headrace.engine.entry import submit_task

        return submit_task(self, args, kwargs, wait_for)

    @overload
    def map(
        self: Task[..., Coroutine[Any, Any, T]],
        *args: Any,
        wait_for: Iterable[HeadraceFuture[Any]] | None = None,
        **kwargs: Any,
    ) -> HeadraceFutureList[T]: ...

    @overload
    def map(
        self: Task[..., T],
        *args: Any,
        wait_for: Iterable[HeadraceFuture[Any]] | None = None,
        **kwargs: Any,
    ) -> HeadraceFutureList[T]: ...

    def map(
        self,
        *args: Any,
        wait_for: Iterable[HeadraceFuture[Any]] | None = None,
        **kwargs: Any,
    ) -> HeadraceFutureList[Any]:
        """Submit the task once for each item of its iterable arguments, taken side by side.

        Text, bytes, dicts and what is wrapped in `unmapped(...)` go to every call as they are.

            double.map([1, 2, 3]).result()   # [2, 4, 6]

        Raises:
            MappingLengthMismatch: the iterables are not of one length.
            MappingMissingIterable: there is none.
        """
        from headrace.engine.mapping import map_task

        return map_task(self, args, kwargs, wait_for)

    @overload
    def __get__(self, instance: None, owner: type) -> Task[P, R]: ...

    @overload
    def __get__(
        self: Task[Concatenate[S, Q], T], instance: S, owner: type | None = None
    ) -> Task[Q, T]: ...

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a method: the task with its `self` bound."""
        if instance is None:
            return self
        return self._rebind(self.fn.__get__(instance, owner))

    def with_options(self, **options: Any) -> Task[P, R]:
        """The same function as another task; `options` are those of the decorator."""
        mine = {
            "cache_key_fn": self.cache_key_fn,
            "cache_expiration": self.cache_expiration,
            **self._options,
        }
        return Task(self.fn, **{**mine, **options})

    @functools.cached_property
    def fingerprint(self) -> str:
        """What tells this task, with its code, from others; a part of every cache key."""
        from headrace.engine.caching import fingerprint

        return fingerprint(self)

    def _rebind(self, fn: Callable[..., Any]) -> Task[..., Any]:
        bound = Task.__new__(Task)
        bound.__dict__.update(self.__dict__)
        bound.__dict__.pop("shape", None)
        bound.fn = fn
        return bound


def _call(task: Task[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Load the engine at the first call, and be replaced by its function."""
    global _call
    from headrace.engine.entry import call_task

    _call = call_task
    return call_task(task, args, kwargs)


@overload
def task(fn: Callable[P, R], /) -> Task[P, R]: ...


@overload
def task(
    *,
    name: str | None = None,
    description: str | None = None,
    tags: Iterable[str] | None = None,
    version: str | None = None,
    retries: int = 0,
    retry_delay_seconds: float | Sequence[float] = 0,
    timeout_seconds: float | None = None,
    log_prints: bool | None = None,
    cache_key_fn: CacheKeyFunction | None = None,
    cache_expiration: datetime.timedelta | None = None,
    on_completion: Sequence[Hook] | None = None,
    on_failure: Sequence[Hook] | None = None,
) -> Callable[[Callable[P, R]], Task[P, R]]: ...


def task(
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
    log_prints: bool | None = None,
    cache_key_fn: CacheKeyFunction | None = None,
    cache_expiration: datetime.timedelta | None = None,
    on_completion: Sequence[Hook] | None = None,
    on_failure: Sequence[Hook] | None = None,
) -> Any:
    """Make a function a task.

        @task
        def clean(rows: list[dict]) -> list[dict]: ...

        @task(retries=3, retry_delay_seconds=[1, 10, 60])
        def fetch(url: str) -> bytes: ...

    Args:
        name: what messages and the monitor call it; by default the function's name.
        description: by default the function's docstring.
        tags: words to find its runs by.
        version: any text.
        retries: how often to try again when the function raises.
        retry_delay_seconds: how long to wait before; a list names each retry's own delay.
        timeout_seconds: how long one attempt may take. A synchronous function on another thread
            than the main one cannot be interrupted, and fails once it returns.
        log_prints: whether `print` writes log lines; by default as in the flow that calls it.
        cache_key_fn: called with the task run and the arguments by name. A call with a key that an
            earlier call had gets that one's result, without running. See `task_input_hash`.
        cache_expiration: for how long; by default for good.
        on_completion, on_failure: functions called with the task, its run and the state.

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
        "log_prints": log_prints,
        "cache_key_fn": cache_key_fn,
        "cache_expiration": cache_expiration,
        "hooks": {"on_completion": on_completion, "on_failure": on_failure},
    }
    if fn is None:
        return lambda function: Task(function, **options)
    return Task(fn, **options)


def task_input_hash(context: TaskRunContext, arguments: dict[str, Any]) -> str | None:
    """A `cache_key_fn`: calls of a task with equal arguments have one result.

    Returns:
        A hash of the arguments; None, so that nothing is cached, if they cannot be hashed.
    """
    from headrace.engine.caching import hash_arguments

    return hash_arguments(context, arguments)
