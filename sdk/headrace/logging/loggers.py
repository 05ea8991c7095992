"""The loggers: of runs, with the run's ids and names on every line, and others below `headrace`."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Self
from uuid import UUID

from headrace.context import CURRENT_RUN, LiveFlowRun, LiveRun, LiveTaskRun, run_of
from headrace.exceptions import MissingContextError
from headrace.logging.lines import (
    FLOW_RUNS,
    ROOT,
    TASK_RUNS,
    identity_of,
    log_the_long_way,
    only_ours,
    render,
    write,
)
from headrace.records import now_micros


def get_logger(name: str | None = None) -> logging.Logger:
    """The logger `headrace`, or the one called `name` below it."""
    if name is None or name == ROOT.name:
        return ROOT
    return logging.getLogger(name if name.startswith("headrace.") else f"headrace.{name}")


def get_run_logger(context: object = None, **extra: Any) -> HeadraceLogAdapter:
    """The logger of the run that this code runs in: a `HeadraceLogAdapter`.

    While run loggers are disabled, and outside of runs, it is one that writes nothing.

    Args:
        context: another run whose lines they are to be, or what `get_run_context` told of it.
        extra: what its lines carry besides the run's ids and names.

    Raises:
        MissingContextError: the code runs in no flow run and no task run.
        TypeError: `context` is no run.
    """
    run = CURRENT_RUN.get() if context is None else run_of(context)
    if run is None:
        if FLOW_RUNS.disabled and TASK_RUNS.disabled:
            silent: Any = logging.getLogger("null")
            silent.disabled = True
            return silent  # type: ignore[no-any-return]  # which can all that is asked of it
        raise MissingContextError("There is no active flow or task run context.")
    if not isinstance(run, LiveFlowRun | LiveTaskRun):
        raise TypeError(
            f"Received unexpected type {type(run).__name__!r} for context. "
            "Expected one of 'None', 'FlowRunContext', or 'TaskRunContext'."
        )
    return HeadraceLogAdapter(_base_of(run), run, extra) if extra else logger_of(run)


def logger_of(run: LiveRun) -> HeadraceLogAdapter:
    """The logger of `run`."""
    if run.logger is None:
        run.logger = HeadraceLogAdapter(_base_of(run), run)
    return run.logger


def _base_of(run: LiveRun) -> logging.Logger:
    return FLOW_RUNS if isinstance(run, LiveFlowRun) else TASK_RUNS


def flow_run_logger(
    flow_run: Any = None, flow: Any = None, flow_run_id: UUID | None = None, **extra: Any
) -> HeadraceLogAdapter:
    """The logger of a flow run, for code outside of it, such as a hook.

    Args:
        flow_run: the flow run, as hooks are given it or as the client reads it.
        flow: its flow.
        flow_run_id: the flow run's id, where there is no more.
        extra: what its lines carry besides the run's ids and names.

    Raises:
        ValueError: neither `flow_run` nor `flow_run_id` is given.
    """
    if isinstance(flow_run, LiveFlowRun):
        return HeadraceLogAdapter(FLOW_RUNS, flow_run, extra)
    if flow_run is None and flow_run_id is None:
        raise ValueError("Either 'flow_run' or 'flow_run_id' must be provided.")
    identity = {
        "flow_run_id": str(flow_run_id if flow_run is None else flow_run.id),
        "flow_run_name": "<unknown>" if flow_run is None else flow_run.name,
        "flow_name": "<unknown>" if flow is None else flow.name,
        "deployment_name": None,
    }
    return HeadraceLogAdapter(FLOW_RUNS, None, {**identity, **extra})


def task_run_logger(task_run: Any, task: Any = None, **extra: Any) -> HeadraceLogAdapter:
    """The logger of a task run, for code outside of it, such as a hook.

    Args:
        task_run: the task run, as hooks are given it or as the client reads it.
        task: its task.
        extra: what its lines carry besides the run's ids and names.
    """
    if isinstance(task_run, LiveTaskRun):
        return HeadraceLogAdapter(TASK_RUNS, task_run, extra)
    identity = {
        "task_run_id": str(task_run.id),
        "task_run_name": task_run.name,
        "task_name": "<unknown>" if task is None else task.name,
        "flow_run_id": None if task_run.flow_run_id is None else str(task_run.flow_run_id),
    }
    return HeadraceLogAdapter(TASK_RUNS, None, {**identity, **extra})


@contextlib.contextmanager
def disable_logger(name: str) -> Iterator[None]:
    """Let the logger called `name` write nothing within."""
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


@contextlib.contextmanager
def disable_run_logger() -> Iterator[None]:
    """Let the loggers of runs write nothing within, so that `task.fn()` can be called in a test."""
    with disable_logger(FLOW_RUNS.name), disable_logger(TASK_RUNS.name):
        yield


class HeadraceLogAdapter(logging.LoggerAdapter[logging.Logger]):
    """A logger whose lines belong to a run.

    What it puts on a `LogRecord`, for handlers of your own: `flow_run_id`, `flow_run_name`,
    `flow_name`, and in a task run also `task_run_id`, `task_run_name`, `task_name`.
    """

    def __init__(
        self, logger: logging.Logger, run: LiveRun | None, own: Mapping[str, Any] = {}
    ) -> None:
        self.logger = logger
        self._run = run
        self._own = dict(own)

    @property
    def extra(self) -> dict[str, Any]:  # type: ignore[override]  # made anew: names may change
        """What its lines carry."""
        return self._own if self._run is None else {**identity_of(self._run), **self._own}

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Add what its lines carry to what the caller gives as `extra`."""
        kwargs["extra"] = {**self.extra, **(kwargs.get("extra") or {})}
        return msg, kwargs

    def getChild(self, suffix: str, extra: Mapping[str, Any] = {}) -> HeadraceLogAdapter:
        """A logger of the same run, called `suffix` below this one."""
        return HeadraceLogAdapter(self.logger.getChild(suffix), self._run, {**self._own, **extra})

    def debug(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Log a line of level DEBUG."""
        self._line(logging.DEBUG, msg, args, kwargs)

    def info(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Log a line of level INFO."""
        self._line(logging.INFO, msg, args, kwargs)

    def warning(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Log a line of level WARNING."""
        self._line(logging.WARNING, msg, args, kwargs)

    def error(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Log a line of level ERROR."""
        self._line(logging.ERROR, msg, args, kwargs)

    def exception(self, msg: object, *args: object, exc_info: Any = True, **kwargs: Any) -> None:
        """Log a line of level ERROR, with the traceback of the exception being handled."""
        self._line(logging.ERROR, msg, args, {**kwargs, "exc_info": exc_info})

    def critical(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Log a line of level CRITICAL."""
        self._line(logging.CRITICAL, msg, args, kwargs)

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log a line of the level `level`.

        Raises:
            TypeError: `level` is not a whole number.
        """
        if not isinstance(level, int):  # as the loggers of `logging` do
            raise TypeError(f"level must be an integer, unlike {level!r}")
        self._line(int(level), msg, args, kwargs)

    def _line(
        self, level: int, msg: object, args: tuple[object, ...], kwargs: dict[str, Any]
    ) -> None:
        if not self.logger.isEnabledFor(level):
            return
        if kwargs or self._run is None or self._own or not only_ours(self.logger):
            # Three frames up is the user's call, which is what a record's `lineno` is to name.
            kwargs["stacklevel"] = kwargs.get("stacklevel", 1) + 3
            msg, options = self.process(msg, kwargs)
            log_the_long_way(self.logger, level, msg, args, options)
        else:
            write(self._run, self.logger.name, level, render(msg, args), now_micros())


class LogEavesdropper(logging.Handler):
    """Listens to a logger, and everything below it, while it is used in a `with`.

    with LogEavesdropper("httpx", level=logging.WARNING) as heard:
        call()
    print(heard.text())
    """

    def __init__(self, eavesdrop_on: str, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.eavesdrop_on = eavesdrop_on
        self._lines: list[str] = []
        self.setFormatter(logging.Formatter("[%(levelname)s]: %(message)s"))

    def __enter__(self) -> Self:
        self._target = logging.getLogger(self.eavesdrop_on)
        self._level_before = self._target.level
        self._target.setLevel(self.level)
        self._target.addHandler(self)
        self._lines = []
        return self

    def __exit__(self, *_: object) -> None:
        self._target.removeHandler(self)
        self._target.setLevel(self._level_before)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self._lines.append(self.format(record))

    def text(self) -> str:
        """What was heard, a line each."""
        return "\n".join(self._lines)
