"""Tasks: functions whose calls are recorded, retried, cached and run in parallel.

@task(retries=3, retry_delay_seconds=10)
def fetch(url: str) -> bytes: ...

page = fetch("https://example.org")            # in a flow, or on its own
future = fetch.submit("https://example.org")   # in a thread
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    Literal,
    ParamSpec,
    TypedDict,
    TypeVar,
    Unpack,
    overload,
)

from headrace.definitions import Definition
from headrace.options import (
    LONGEST_DELAY,
    MAX_DELAYS,
    changes_of,
    checked_assets,
    checked_callable,
    checked_flag,
    checked_jitter,
    checked_run_name,
    checked_text,
    refuse_unknown,
)
from headrace.results.options import (
    checked_expiration,
    checked_serializer,
    checked_storage,
    keeps_results,
    must_keep,
    policy_for,
)

if TYPE_CHECKING:
    import datetime

    from headrace.cache_policies import CachePolicy
    from headrace.context import LiveTaskRun, TaskRunContext
    from headrace.distributed import HeadraceDistributedFuture
    from headrace.engine.hooks import Hook
    from headrace.futures import HeadraceFuture, HeadraceFutureList
    from headrace.states import State

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R", covariant=True)
S = TypeVar("S")
T = TypeVar("T")
H = TypeVar("H", bound=Callable[..., Any])

#: Makes the key of a call's result from the task run and the arguments; None does not cache it.
CacheKeyFunction = Callable[["TaskRunContext", dict[str, Any]], "str | None"]


class TaskOptions(TypedDict, total=False):
    """The options of a task; the decorator `task` tells what they mean."""

    name: str | None
    description: str | None
    tags: Iterable[str] | None
    version: str | None
    cache_policy: Any
    cache_key_fn: CacheKeyFunction | None
    cache_expiration: datetime.timedelta | None
    task_run_name: str | Callable[..., str] | None
    retries: int | None
    retry_delay_seconds: float | Sequence[float] | Callable[[int], list[float]] | None
    retry_jitter_factor: float | None
    retry_condition_fn: Callable[[Task[..., Any], LiveTaskRun, State[Any]], Any] | None
    persist_result: bool | None
    result_storage: Any
    result_serializer: Any
    result_storage_key: str | None
    cache_result_in_memory: bool | None
    timeout_seconds: float | None
    log_prints: bool | None
    refresh_cache: bool | None
    on_completion: Iterable[Hook] | None
    on_failure: Iterable[Hook] | None
    on_running: Iterable[Hook] | None
    on_rollback: Iterable[Callable[[Any], object]] | None
    on_commit: Iterable[Callable[[Any], object]] | None
    viz_return_value: Any
    asset_deps: Sequence[Any] | None


_HOOKS = ("on_completion", "on_failure", "on_running", "on_rollback", "on_commit")

#: The options that `with_options` can take back by None; of the others, None changes nothing.
_REVOCABLE = frozenset(
    (
        "task_run_name",
        "retries",
        "retry_delay_seconds",
        "retry_jitter_factor",
        "persist_result",
        "result_storage",
        "result_serializer",
        "result_storage_key",
        "log_prints",
        "refresh_cache",
    )
)


class Task(Definition, Generic[P, R]):
    """A task; made by the decorator `task`, which tells what the options mean."""

    kind = "task"

    def __init__(self, fn: Callable[P, R], **options: Unpack[TaskOptions]) -> None:
        refuse_unknown("Task.__init__", options, TaskOptions)
        given: dict[str, Any] = {**options}
        super().__init__(
            fn,
            name=options.get("name"),
            description=options.get("description"),
            tags=options.get("tags"),
            version=options.get("version"),
            retries=options.get("retries"),
            retry_delay_seconds=options.get("retry_delay_seconds"),
            timeout_seconds=options.get("timeout_seconds"),
            log_prints=options.get("log_prints"),
            hooks={option: given.get(option) for option in _HOOKS},
        )
        self._options = options
        self.task_run_name = checked_run_name("task_run_name", options.get("task_run_name"))
        condition = options.get("retry_condition_fn")
        self.retry_condition_fn = checked_callable("retry_condition_fn", condition)
        #: Whether another function stands before the one whose parameters count. It may look at its
        #: arguments, and is always given them alike: by place, the defaults among them.
        self.is_wrapped = hasattr(self.fn, "__wrapped__")
        self.cache_key_fn = checked_callable("cache_key_fn", options.get("cache_key_fn"))
        title = f"task '{self.name}'"
        self.retry_jitter_factor = checked_jitter(title, options.get("retry_jitter_factor"))
        self.cache_expiration = checked_expiration(title, options.get("cache_expiration"))
        self.refresh_cache = checked_flag(title, "refresh_cache", options.get("refresh_cache"))
        self.persist_result = keeps_results(title, options)
        self.must_keep_result = must_keep(options)
        self.result_storage: Any = checked_storage(title, options.get("result_storage"))
        self.result_serializer: Any = checked_serializer(title, options.get("result_serializer"))
        storage_key = options.get("result_storage_key")
        self.result_storage_key = checked_text(title, "result_storage_key", storage_key)
        in_memory = options.get("cache_result_in_memory")
        remembers = checked_flag(title, "cache_result_in_memory", in_memory)
        self.cache_result_in_memory = remembers is not False
        # Not by the properties, which add empty lists: a task without hooks is told by `hooks`.
        hooked = self.hooks.get("on_rollback") or self.hooks.get("on_commit")
        #: Whether its runs need transactions, even where nothing else asks for one.
        self.transactional = bool(self.persist_result or hooked)
        self.viz_return_value: Any = options.get("viz_return_value")
        self.asset_deps = checked_assets(title, options.get("asset_deps"))

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

    @overload
    def __call__(
        self: Task[..., Coroutine[Any, Any, T]],
        *args: Any,
        return_state: Literal[True],
        wait_for: Any = None,
        **kwargs: Any,
    ) -> Coroutine[Any, Any, State[T]]: ...

    @overload
    def __call__(
        self,
        *args: Any,
        return_state: Literal[True],
        wait_for: Any = None,
        **kwargs: Any,
    ) -> State[R]: ...

    @overload
    def __call__(
        self, *args: Any, wait_for: Any, return_state: Literal[False] = False, **kwargs: Any
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
        return_state: Literal[False] = False,
        wait_for: Any = None,
        **kwargs: Any,
    ) -> HeadraceFuture[T]: ...

    @overload
    def submit(
        self: Task[..., Coroutine[Any, Any, T]],
        *args: Any,
        return_state: Literal[True],
        wait_for: Any = None,
        **kwargs: Any,
    ) -> State[T]: ...

    @overload
    def submit(
        self,
        *args: Any,
        return_state: Literal[False] = False,
        wait_for: Any = None,
        **kwargs: Any,
    ) -> HeadraceFuture[R]: ...

    @overload
    def submit(
        self, *args: Any, return_state: Literal[True], wait_for: Any = None, **kwargs: Any
    ) -> State[R]: ...

    def submit(
        self, *args: Any, return_state: bool = False, wait_for: Any = None, **kwargs: Any
    ) -> Any:
        """Let the task run in a thread, and go on.

        Futures and states among the arguments, also within lists, tuples, sets, dicts, dataclasses
        and pydantic models, stand for their results: the task starts once they have completed.

        Args:
            return_state: True waits for the run and returns its final state instead of a future.
            wait_for: a future, or several, that have to complete before the task starts.

        Raises:
            ParameterBindError: the arguments do not fit the function.
        """
        from headrace.engine.entry import submit_task

        future = submit_task(self, args, kwargs, wait_for)
        if not return_state:
            return future
        future.wait()
        return future.state

    @overload
    def delay(
        self: Task[Q, Coroutine[Any, Any, T]], *args: Q.args, **kwargs: Q.kwargs
    ) -> HeadraceDistributedFuture[T]: ...

    @overload
    def delay(self, *args: P.args, **kwargs: P.kwargs) -> HeadraceDistributedFuture[R]: ...

    def delay(self, *args: Any, **kwargs: Any) -> Any:
        """Let a task worker run the task, and go on: `apply_async`, written as a call.

        send_email.delay("marvin@example.org")
        """
        return self.apply_async(args, kwargs)

    def apply_async(
        self,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        wait_for: Any = None,
        dependencies: Any = None,
    ) -> HeadraceDistributedFuture[Any]:
        """Let a task worker run the task, and go on; within a flow or anywhere else.

        The run waits in the ledger until a process that serves the task takes it (`serve`).
        Futures among the arguments stand for their results; those of this process are waited for.

        Args:
            args, kwargs: the arguments of the call, which are pickled.
            wait_for: a future, or several, that have to complete before the task starts.
            dependencies: the runs whose results go into the call, by parameter, besides those that
                its arguments show.

        Raises:
            ParameterBindError: the arguments do not fit the function.
            UnpicklableArgument: an argument cannot be sent to another process.
            ServiceUnreachable: nobody answers at the service, so that nothing was asked for.
        """
        from headrace.task_runners.background import delay

        return delay(self, args or (), kwargs or {}, wait_for, dependencies)

    def serve(self) -> Any:
        """Run what `delay` and `apply_async` ask for, until Ctrl-C, ten at a time.

        In asynchronous code it is awaited. `headrace.task_worker.serve` serves several tasks.
        """
        from headrace.task_worker import serve

        return serve(self)

    async def aserve(self) -> None:
        """`serve`, always to be awaited."""
        from headrace.task_worker import aserve

        await aserve(self)

    @overload
    def map(
        self: Task[..., Coroutine[Any, Any, T]],
        *args: Any,
        return_state: Literal[False] = False,
        wait_for: Any = None,
        **kwargs: Any,
    ) -> HeadraceFutureList[T]: ...

    @overload
    def map(
        self: Task[..., Coroutine[Any, Any, T]],
        *args: Any,
        return_state: Literal[True],
        wait_for: Any = None,
        **kwargs: Any,
    ) -> list[State[T]]: ...

    @overload
    def map(
        self: Task[..., T],
        *args: Any,
        return_state: Literal[False] = False,
        wait_for: Any = None,
        **kwargs: Any,
    ) -> HeadraceFutureList[T]: ...

    @overload
    def map(
        self: Task[..., T],
        *args: Any,
        return_state: Literal[True],
        wait_for: Any = None,
        **kwargs: Any,
    ) -> list[State[T]]: ...

    def map(
        self,
        *args: Any,
        return_state: bool = False,
        wait_for: Any = None,
        deferred: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Submit the task once for each item of its iterable arguments, taken side by side.

        Text, bytes, open files, what cannot be iterated over, and what is wrapped in
        `unmapped(...)` go to every call as they are; of a dict, the keys are taken.

            double.map([1, 2, 3]).result()   # [2, 4, 6]

        Args:
            return_state: True waits for the runs and returns their final states.
            wait_for: a future, or several, that have to complete before any of them starts.
            deferred: True lets task workers run them, as `apply_async` does.

        Raises:
            MappingLengthMismatch: the iterables are not of one length.
            MappingMissingIterable: there is none.
            UpstreamTaskError: a future that is to be iterated over did not complete.
        """
        from headrace.engine.mapping import map_in_flow, map_task

        if deferred:
            from headrace.task_runners.background import Delays

            delays = Delays()
            futures = map_task(self, args, kwargs, wait_for, submit=delays.add)
            delays.send()
        else:
            futures = map_in_flow(self, args, kwargs, wait_for)
        if not return_state:
            return futures
        futures.wait()
        return [future.state for future in futures]

    @overload
    def __get__(self, instance: None, owner: type) -> Task[P, R]: ...

    @overload
    def __get__(
        self: Task[Concatenate[S, Q], T], instance: S, owner: type | None = None
    ) -> Task[Q, T]: ...

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a method: the task with its `self` bound."""
        return self._bind(instance, owner)

    def with_options(self, **options: Unpack[TaskOptions]) -> Task[P, R]:
        """The same function as another task; `options` are those of the decorator.

        What is not given stays as it is.
        """
        refuse_unknown("Task.with_options", options, TaskOptions)
        kept: dict[str, Any] = {
            **self._options,
            "name": self.name,
            "retry_delay_seconds": self.retry_delay_seconds,
            **self.hooks,
        }
        return self._made_anew({**kept, **changes_of(options, _REVOCABLE, _HOOKS)})

    @functools.cached_property
    def task_key(self) -> str:
        """What tells the task from others: its function's name, and a hash of its code."""
        from headrace.hashing import hash_code  # not needed by most programs

        function: Any = getattr(self.fn, "__func__", self.fn)
        kind = type(function)
        if not hasattr(function, "__qualname__"):
            return f"{kind.__module__}.{kind.__qualname__}"
        name = function.__qualname__.rpartition(".")[2]
        return f"{name}-{hash_code(getattr(function, '__code__', None))[:8]}"

    @property
    def on_rollback_hooks(self) -> list[Callable[[Any], object]]:
        """The functions called when the transaction of a run is rolled back."""
        return self.hooks.setdefault("on_rollback", [])

    @property
    def on_commit_hooks(self) -> list[Callable[[Any], object]]:
        """The functions called when the transaction of a run is committed."""
        return self.hooks.setdefault("on_commit", [])

    def on_rollback(self, fn: H) -> H:
        """Decorator: call `fn` with the transaction of a run when it is rolled back."""
        self.transactional = True
        return self._add_hook("on_rollback", fn)

    def on_commit(self, fn: H) -> H:
        """Decorator: call `fn` with the transaction of a run when it is committed."""
        self.transactional = True
        return self._add_hook("on_commit", fn)

    @functools.cached_property
    def source_code(self) -> str | None:
        """The function's source; None where there is none to be read."""
        import inspect  # slow to load

        function: Any = self.fn if hasattr(self.fn, "__code__") else type(self.fn)
        try:
            return inspect.getsource(getattr(self.fn, "__func__", function))
        except (OSError, TypeError):
            return None

    @functools.cached_property
    def cache_policy(self) -> CachePolicy | None:
        """What makes two calls equal: as the options and the settings say; None is by no policy."""
        from headrace.settings import get_settings

        return policy_for(self._options, self.persist_result, get_settings())


def _call(task: Task[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Load the engine at the first call, and be replaced by its function."""
    global _call
    from headrace.engine.entry import call_task

    _call = call_task
    return call_task(task, args, kwargs)


@overload
def task(fn: Callable[P, R], /) -> Task[P, R]: ...


@overload
def task(**options: Unpack[TaskOptions]) -> Callable[[Callable[P, R]], Task[P, R]]: ...


def task(fn: Callable[..., Any] | None = None, /, **options: Unpack[TaskOptions]) -> Any:
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
        task_run_name: what a run is called, in place of the task's name: a template that names
            parameters, "fetch {url}", or a function that returns the name, and may take
            `parameters`.
        retries: how often to try again when the function raises, or returns a failed state.
        retry_delay_seconds: how many seconds to wait before; a list names each retry's own delay,
            at most 50 of them, and a function is given the number of retries and makes that list,
            such as `exponential_backoff(2)`.
        retry_jitter_factor: lets the delays differ from run to run, by up to this factor.
        retry_condition_fn: called with the task, its run and the failed state before a retry;
            False ends the run instead.
        timeout_seconds: how long one attempt may take; 0 is no limit.
        log_prints: whether `print` writes log lines; by default as in the flow that calls it.
        cache_policy: what makes two calls equal, so that the second gets the first one's result
            without running; see `headrace.cache_policies`.
        cache_key_fn: called with the task run and the arguments by name: two calls are equal if it
            returns the same text. See `task_input_hash`.
        cache_expiration: for how long a result serves later calls; by default for good.
        refresh_cache: True runs anyway, and keeps the new result.
        persist_result: whether results are kept where `result_storage` says, written by
            `result_serializer`, under the name `result_storage_key`, a template that may name
            `{parameters[...]}`.
        cache_result_in_memory: False reads a result anew whenever it is asked for.
        on_completion, on_failure, on_running: functions called with the task, its run and the
            state.
        on_rollback, on_commit: functions called with the transaction that the run belongs to.
        viz_return_value: what a call returns while the flow is drawn and not run.
        asset_deps: the assets that it depends on.

    Raises:
        InvalidOption, TypeError, ValueError: an option cannot be used.
    """
    refuse_unknown("task", options, TaskOptions)
    if fn is None:
        return lambda function: Task(function, **options)
    return Task(fn, **options)


def exponential_backoff(backoff_factor: float) -> Callable[[int], list[float]]:
    """Delays that double from retry to retry, for the option `retry_delay_seconds`.

        @task(retries=3, retry_delay_seconds=exponential_backoff(10))   # 10, 20 and 40 seconds

    Args:
        backoff_factor: the seconds before the first retry.
    """
    return lambda retries: [
        min(backoff_factor * 2**retry, LONGEST_DELAY) for retry in range(min(retries, MAX_DELAYS))
    ]


def task_input_hash(context: TaskRunContext, arguments: dict[str, Any]) -> str | None:
    """A `cache_key_fn`: calls of a task with equal arguments have one result.

    Returns:
        A hash of the arguments and the task's code; None, so that nothing is cached, if an
        argument cannot be hashed.
    """
    from headrace.results.keys import hash_call

    return hash_call(context.task_run, arguments)
