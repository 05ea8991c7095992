"""Flows: functions whose calls are runs of a workflow.

@flow(name="My Pipeline", log_prints=True)
def pipeline(url: str) -> list[dict]:
    return process(fetch(url))

pipeline("https://example.org/data.json")
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
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
    cast,
    overload,
)

from headrace.definitions import Definition
from headrace.deployable import Deployable
from headrace.exceptions import MissingFlowError, UnspecifiedFlowError
from headrace.options import (
    changes_of,
    checked_flag,
    checked_flow_name,
    checked_run_name,
    refuse_no_task_runner,
    refuse_unknown,
)
from headrace.results.options import checked_serializer, checked_storage
from headrace.text import MAX_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from headrace.engine.hooks import Hook
    from headrace.futures import HeadraceFuture
    from headrace.parameter_schema import ParameterSchema
    from headrace.results import ResultSerializer
    from headrace.results.storages import ResultStorage
    from headrace.states import State
    from headrace.task_runners import TaskRunner

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R", covariant=True)
S = TypeVar("S")
T = TypeVar("T")
H = TypeVar("H", bound=Callable[..., Any])


class FlowOptions(TypedDict, total=False):
    """The options of a flow; the decorator `flow` tells what they mean."""

    name: str | None
    description: str | None
    tags: Iterable[str] | None
    version: str | None
    flow_run_name: str | Callable[..., str] | None
    retries: int | None
    retry_delay_seconds: float | Sequence[float] | None
    timeout_seconds: float | None
    validate_parameters: bool | None
    task_runner: TaskRunner[Any] | type[TaskRunner[Any]] | None
    persist_result: bool | None
    result_storage: ResultStorage | None
    result_serializer: ResultSerializer | None
    cache_result_in_memory: bool | None
    log_prints: bool | None
    on_completion: Iterable[Hook] | None
    on_failure: Iterable[Hook] | None
    on_cancellation: Iterable[Hook] | None
    on_crashed: Iterable[Hook] | None
    on_running: Iterable[Hook] | None


_HOOKS = ("on_completion", "on_failure", "on_cancellation", "on_crashed", "on_running")

#: The options that `with_options` can take back by None; of the others, None changes nothing.
_REVOCABLE = frozenset(
    ("flow_run_name", "persist_result", "result_storage", "result_serializer", "log_prints")
)


class Flow(Deployable, Definition, Generic[P, R]):
    """A flow; made by the decorator `flow`, which tells what the options mean."""

    kind = "flow"

    def __init__(self, fn: Callable[P, R], **options: Unpack[FlowOptions]) -> None:
        refuse_unknown("Flow.__init__", options, FlowOptions)
        given: dict[str, Any] = {**options}
        name = checked_flow_name(options.get("name"))
        if name is None:
            function = getattr(fn, "__func__", fn)
            own = getattr(function, "__name__", type(function).__name__)
            # Prefect's name for it: the brackets of `<lambda>` are none for a name.
            name = "unknown-lambda" if own == "<lambda>" else own.replace("_", "-")[:MAX_NAME]
        super().__init__(
            fn,
            name=name,
            description=options.get("description"),
            tags=options.get("tags"),
            version=options.get("version"),
            retries=options.get("retries"),
            retry_delay_seconds=options.get("retry_delay_seconds"),
            timeout_seconds=options.get("timeout_seconds"),
            log_prints=options.get("log_prints"),
            hooks={option: given.get(option) for option in _HOOKS},
        )
        #: The version that it was told to have; see `version`.
        self.told_version = self.__dict__.pop("version")
        self._options = options
        self.flow_run_name = checked_run_name("flow_run_name", options.get("flow_run_name"))
        title = f"flow '{self.name}'"
        validates = checked_flag(title, "validate_parameters", options.get("validate_parameters"))
        self.should_validate_parameters = validates is not False
        runner: TaskRunner[Any] | type[TaskRunner[Any]] | None = options.get("task_runner")
        refuse_no_task_runner(title, runner)
        self._task_runner = runner
        self.result_storage = checked_storage(title, options.get("result_storage"))
        self.result_serializer = checked_serializer(title, options.get("result_serializer"))
        self.persist_result = checked_flag(title, "persist_result", options.get("persist_result"))
        if self.persist_result is None and (self.result_storage or self.result_serializer):
            self.persist_result = True
        in_memory = options.get("cache_result_in_memory")
        remembers = checked_flag(title, "cache_result_in_memory", in_memory)
        self.cache_result_in_memory = remembers is not False

    @functools.cached_property
    def version(self) -> str | None:  # type: ignore[override]  # that of the file, if not told
        """The version; unless it was told, a hash of the file that the function stands in."""
        told: str | None = self.told_version
        if told is not None:
            return told
        import hashlib
        import inspect

        try:
            source = inspect.getsourcefile(self.fn) or ""
            with open(source, "rb") as file:
                return hashlib.md5(file.read(), usedforsecurity=False).hexdigest()
        except (OSError, TypeError):  # typed at a prompt, or built in
            return None

    def refuse_unusable(self) -> None:
        """Look at the option of which only a call tells whether it can be used.

        Raises:
            InvalidOption: there is no serializer of the name that was given.
        """
        if isinstance(self.result_serializer, str):
            from headrace.results.options import named_serializer  # loads pydantic

            named_serializer(f"flow '{self.name}'", self.result_serializer)

    @property
    def has_own_runner(self) -> bool:
        """Whether its runs start their task runner, and call it, as it has methods of its own."""
        return self._task_runner is not None and self._task_runner.is_own

    @functools.cached_property
    def task_runner(self) -> TaskRunner[Any]:
        """Where its submitted tasks run."""
        from headrace.task_runners import ThreadPoolTaskRunner  # not needed by every flow

        given = self._task_runner or ThreadPoolTaskRunner
        return given() if isinstance(given, type) else given

    @functools.cached_property
    def parameters(self) -> ParameterSchema:
        """What can be passed to the flow, as a JSON schema."""
        from headrace.parameter_schema import schema_of  # loads pydantic

        return schema_of(self.function)

    def validate_parameters(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters, given by name, as the annotations want them.

        Returns:
            All of them, with defaults for those not given, and none for `*args` and `**kwargs`.

        Raises:
            SignatureMismatchError: the function has no parameter of a name given.
            ParameterTypeError: one is missing or does not fit.
        """
        return self.shape.validate(self.shape.fill(parameters))

    def serialize_parameters(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters, given by name, as the plain values of JSON, as a run's are recorded.

        What has no JSON form is described by text.
        """
        from headrace.parameters import readable

        return readable(parameters)

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

    @overload
    def __call__(
        self, *args: Any, wait_for: Iterable[HeadraceFuture[Any]] | None, **kwargs: Any
    ) -> R: ...

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the flow, and return its value.

        When a flow that was not called by another one returns, everything that it did is recorded
        for good.

        Args:
            return_state: True returns the final state instead, and raises nothing.
            wait_for: futures that have to complete before the flow starts.

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

    def with_options(self, **options: Unpack[FlowOptions]) -> Flow[P, R]:
        """The same function as another flow; `options` are those of the decorator.

        What is not given stays as it is.
        """
        refuse_unknown("Flow.with_options", options, FlowOptions)
        kept: dict[str, Any] = {**self._options, "name": self.name, **self.hooks}
        return self._made_anew({**kept, **changes_of(options, _REVOCABLE, _HOOKS)})

    def visualize(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Print the graph of the flow's tasks and subflows as a Mermaid flowchart.

        The flow's own body runs, with these arguments; its tasks and subflows do not.

        Raises:
            VisualizationUnsupportedError: it makes a call that cannot be drawn, such as `.map`.
            Exception: what the body raised; a task that it needs the result of has to tell what
                stands for it, as its `viz_return_value`.
        """
        from headrace.utilities.asyncutils import run_coro_as_sync

        if self.isasync:
            print(run_coro_as_sync(self.agenerate_mermaid_graph(*args, **kwargs)))
        else:
            print(self._draw(args, kwargs))

    def generate_mermaid_graph(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        """The text that `visualize` prints; in asynchronous code, a coroutine that gives it."""
        from headrace.utilities.asyncutils import dispatch, is_in_async_context

        if self.isasync or is_in_async_context():
            return dispatch(self.agenerate_mermaid_graph(*args, **kwargs))
        return self._draw(args, kwargs)

    async def agenerate_mermaid_graph(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """The text that `visualize` prints."""
        if not self.isasync:
            return self._draw(args, kwargs)
        from headrace.drawing import drawing

        body: Any = self.function
        with drawing(self) as drawn:
            await body(*args, **kwargs)
        return drawn.mermaid()

    def _draw(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        from headrace.drawing import drawing

        with drawing(self) as drawn:
            self.function(*args, **kwargs)
        return drawn.mermaid()

    @property
    def on_cancellation_hooks(self) -> list[Hook]:
        """The functions called when a run is cancelled."""
        return self.hooks.setdefault("on_cancellation", [])

    @property
    def on_crashed_hooks(self) -> list[Hook]:
        """The functions called when a run crashes."""
        return self.hooks.setdefault("on_crashed", [])

    def on_cancellation(self, fn: H) -> H:
        """Decorator: call `fn` with the flow, its run and the state when a run is cancelled."""
        return self._add_hook("on_cancellation", fn)

    def on_crashed(self, fn: H) -> H:
        """Decorator: call `fn` with the flow, its run and the state when a run crashes."""
        return self._add_hook("on_crashed", fn)


def _call(flow: Flow[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Load the engine at the first call, and be replaced by its function."""
    global _call
    from headrace.engine.entry import call_flow

    _call = call_flow
    return call_flow(flow, args, kwargs)


@overload
def flow(fn: Callable[P, R], /) -> Flow[P, R]: ...


@overload
def flow(**options: Unpack[FlowOptions]) -> Callable[[Callable[P, R]], Flow[P, R]]: ...


def flow(fn: Callable[..., Any] | None = None, /, **options: Unpack[FlowOptions]) -> Any:
    """Make a function a flow.

        @flow
        def pipeline(day: datetime.date): ...

        @flow(name="My Pipeline", retries=1, log_prints=True)
        def other(): ...

    Args:
        name: what messages and the monitor call it; by default the function's name, with dashes.
        description: by default the function's docstring.
        tags: words to find its runs by.
        version: any text.
        flow_run_name: what a run is called, in place of two words drawn at random: a template that
            names parameters, "report {day}", or a function that returns the name, and may take
            `parameters`.
        retries: how often to run the whole flow again when it raises.
        retry_delay_seconds: how long to wait before; a list names each retry's own delay.
        timeout_seconds: how long one attempt may take; 0 is no limit.
        validate_parameters: whether arguments are checked against the annotations, and converted:
            "5" becomes 5 for an `int`.
        task_runner: where its submitted tasks run, a class or an object; by default in threads.
        persist_result: whether results, its own and those of its tasks, are kept where
            `result_storage` says, written by `result_serializer`.
        cache_result_in_memory: False reads a result anew whenever it is asked for.
        log_prints: whether `print` writes log lines; by default as in the flow that calls it.
        on_completion, on_failure, on_cancellation, on_crashed, on_running: functions called with
            the flow, its run and the state.

    Raises:
        InvalidOption: an option has an unusable value; it is a TypeError and a ValueError.
        InvalidNameError: the name holds a character that it may not.
    """
    refuse_unknown("flow", options, FlowOptions)
    if fn is None:
        return lambda function: Flow(function, **options)
    return Flow(fn, **options)


#: Programs written for Prefect find it at the decorator, too.
flow.from_source = Flow.from_source  # type: ignore[attr-defined]


def load_flow_from_entrypoint(
    entrypoint: str, use_placeholder_flow: bool = True, working_dir: str | Path | None = None
) -> Flow[..., Any]:
    """The flow that stands at `path/to/file.py:flow`, or at `package.module.flow`.

    Args:
        entrypoint: where it stands.
        use_placeholder_flow: has no effect; programs written for Prefect give it.
        working_dir: the folder that a path is relative to; by default the current one.

    Raises:
        MissingFlowError: there is no flow there; the message says what is.
    """
    from pathlib import Path  # slow to load

    from headrace.entrypoints import load_flow

    folder = None if working_dir is None else Path(working_dir)
    return cast("Flow[..., Any]", load_flow(entrypoint, folder))


def select_flow(
    flows: Iterable[Flow[P, R]], flow_name: str | None = None, from_message: str | None = None
) -> Flow[P, R]:
    """The flow of a name, or the only one.

    Args:
        flows: what to choose from.
        flow_name: the flow's name; needed only where there are several.
        from_message: where they are from, for messages, such as "in script.py".

    Raises:
        MissingFlowError: there is none, or none of that name; the message says what there is.
        UnspecifiedFlowError: there are several, and none is named.
    """
    found = {flow.name: flow for flow in flows}
    where = f" {from_message}" if from_message else ""
    if not found:
        raise MissingFlowError(f"No flows found{where}.")
    if not flow_name and len(found) > 1:
        known = " ".join(map(repr, sorted(found)))
        raise UnspecifiedFlowError(
            f"Found {len(found)} flows{where}: {known}. Specify a flow name to select a flow."
        )
    if flow_name and flow_name not in found:
        raise MissingFlowError(
            f"Flow {flow_name!r} not found{where}. Found the following flows: "
            f"{' '.join(map(repr, found))}. Check to make sure that your flow function is "
            "decorated with `@flow`."
        )
    return found[flow_name or next(iter(found))]


def __getattr__(name: str) -> Any:
    """`serve` and `aserve`, which load much, when they are asked for."""
    if name in ("aserve", "serve"):
        from headrace import serving

        return getattr(serving, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
