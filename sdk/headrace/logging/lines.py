"""How a line of a run is written: to the console, and as a record for the ledger.

As long as nobody has put a handler, a filter or a format on the loggers, a line takes a short cut
that makes no `logging.LogRecord`.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from headrace.clipping import clip
from headrace.context import CURRENT_RUN, LiveFlowRun, LiveRun, get_environment
from headrace.records import LogLine, now_micros
from headrace.text import clip_name, describe, whole_repr
from headrace.tracebacks import hide_ours

if TYPE_CHECKING:
    from typing import TextIO

    from headrace.settings import Settings

ROOT = logging.getLogger("headrace")
ENGINE = logging.getLogger("headrace.engine")
FLOW_RUNS = logging.getLogger("headrace.flow_runs")
TASK_RUNS = logging.getLogger("headrace.task_runs")

_LEVEL_NAMES = {level: logging.getLevelName(level).ljust(7) for level in (10, 20, 30, 40, 50)}
_COLOURS = {10: "\x1b[2m", 30: "\x1b[33m", 40: "\x1b[31m", 50: "\x1b[1;31m"}
_RESET = "\x1b[0m"

#: Levels above it are recorded as this one.
MAX_LEVEL = 1000


def log_line(run: LiveRun, level: int, message: str, micros: int) -> None:
    """Log a line about `run` that the engine writes; `micros` is the time now.

    The same as `logger_of(run).log(level, message)`, without making the logger.
    """
    logger = FLOW_RUNS if isinstance(run, LiveFlowRun) else TASK_RUNS
    if not logger.isEnabledFor(level):
        return
    if only_ours(logger):
        write(run, logger.name, level, message, micros)
    else:
        log_the_long_way(logger, level, "%s", (message,), {"extra": identity_of(run)})


def log_creation(run: LiveRun, message: str) -> None:
    """Log that a run was created, under the name of the engine, as a line of that run."""
    if not ENGINE.isEnabledFor(logging.INFO):
        return
    if only_ours(ENGINE):
        write(run, ENGINE.name, logging.INFO, message, now_micros())
    else:
        log_the_long_way(ENGINE, logging.INFO, "%s", (message,), {"extra": identity_of(run)})


def ensure_logging(settings: Settings) -> None:
    """Set up the logger `headrace` after the settings, once; handlers that it has stay."""
    if _LEDGER in ROOT.handlers:
        return
    ROOT.setLevel(settings.logging_level)
    # Lines would show twice where the root logger has a handler for the console too.
    ROOT.propagate = False
    if settings.logging_to_console:
        ROOT.addHandler(_CONSOLE)
    ROOT.addHandler(_LEDGER)
    for name in settings.logging_extra_loggers:
        logger = logging.getLogger(name)
        if _LEDGER not in logger.handlers:
            logger.addHandler(_LEDGER)
        if logger.level == logging.NOTSET:
            logger.setLevel(settings.logging_level)


#: Tells, as `handling.now`, that handlers are at work in this thread: what they print is theirs.
handling = threading.local()


def log_the_long_way(
    logger: logging.Logger,
    level: int,
    msg: object,
    args: tuple[object, ...],
    options: Mapping[str, Any],
) -> None:
    """Make a `LogRecord` and hand it to all handlers."""
    handling.now = True
    try:
        logger.log(level, msg, *args, **options)
    finally:
        handling.now = False


def _level_on_record(level: int) -> int:
    """A level within the bounds of what the ledger takes; `logging` itself knows none."""
    return min(max(level, 0), MAX_LEVEL)


# --- the short cut ---------------------------------------------------------------------------


def only_ours(logger: logging.Logger) -> bool:
    """Whether a line of `logger` goes to our own handlers, as we made them, and nowhere else."""
    handlers = ROOT.handlers
    return not (
        (handlers != _BOTH and handlers != _LEDGER_ALONE)
        or logger.parent is not ROOT  # a child of a run's logger, whose handlers hear it, too
        or logger.handlers
        or logger.filters
        or not logger.propagate
        or ROOT.propagate
        or ROOT.filters
        or _LEDGER.filters
        or _LEDGER.level
        or _LEDGER.formatter
        or _CONSOLE.filters
        or _CONSOLE.level
        or _CONSOLE.formatter
    )


def write(run: LiveRun, logger_name: str, level: int, message: str, micros: int) -> None:
    """One line on the console, if that is on, and one record."""
    flow_run = run.flow_run
    if ROOT.handlers[0] is _CONSOLE:
        if logger_name == "headrace.task_runs":
            source = f"Task run '{run.name}'"
        elif logger_name == "headrace.flow_runs":
            source = f"Flow run '{run.name}'"
        else:
            source = logger_name
        _print(level, source, message, micros)
    run.environment.recorder.record(
        LogLine(
            micros,
            level if 0 <= level <= MAX_LEVEL else _level_on_record(level),
            logger_name,
            clip(message),
            None if flow_run is None else flow_run.id,
            None if run is flow_run else run.id,
        )
    )


def render(msg: object, args: tuple[object, ...]) -> str:
    """The message's text, as the `logging` module makes it, but never an error."""
    text = msg if type(msg) is str else describe(msg)
    if not args:
        return text
    try:
        if len(args) == 1 and isinstance(args[0], Mapping) and args[0]:
            return text % args[0]
        return text % args
    except Exception as error:  # a format that does not fit, or a user's __str__
        values = ", ".join(whole_repr(value) for value in args)
        return f"{text} [could not be formatted with ({values}): {describe(error)}]"


# --- the console -----------------------------------------------------------------------------

#: The second that was printed last, and its text: formatting a time costs more than the rest.
_clock: tuple[int, str] = (-1, "")
_tty: tuple[object, bool] = (None, False)


def _print(level: int, source: str, message: str, micros: int) -> None:
    """Write one line to standard error, in one piece; a console that is gone is no error."""
    global _clock
    seconds, rest = divmod(micros, 1_000_000)
    clock = _clock
    if clock[0] != seconds:
        _clock = clock = (seconds, time.strftime("%H:%M:%S", time.localtime(seconds)))
    name = _LEVEL_NAMES.get(level) or logging.getLevelName(level).ljust(7)
    # Looked up each time: test tools and `redirect_stderr` replace it.
    stream = sys.stderr
    try:
        if _tty[0] is not stream:
            _look_at(stream)
        if _tty[1]:
            colour = _COLOURS.get(level, "")
            name = f"{colour}{name}{_RESET}" if colour else name
        stream.write(f"{clock[1]}.{rest // 1000:03d} | {name} | {source} - {message}\n")
    except Exception:  # closed, broken or missing: nobody is reading, and the run goes on
        return


def _look_at(stream: TextIO) -> None:
    """Find out whether colours suit `stream`."""
    global _tty
    import os

    _tty = (stream, stream.isatty() and not os.environ.get("NO_COLOR"))


class _ConsoleHandler(logging.Handler):
    """Lines on standard error, of records that were made the long way."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self.formatter is not None:
                sys.stderr.write(self.format(record) + "\n")
                return
            micros = int(record.created * 1_000_000)
            _print(record.levelno, _source_of(record), _text_of(self, record), micros)
        except Exception:  # the console never breaks the code that logs
            self.handleError(record)


class LedgerHandler(logging.Handler):
    """Lines to the recorder, of records that were made the long way and belong to a run."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if not getattr(record, "send_to_api", True):
                return
            flow_run_id = getattr(record, "flow_run_id", None)
            task_run_id = getattr(record, "task_run_id", None)
            if flow_run_id is None and task_run_id is None:
                run = CURRENT_RUN.get()
                if run is None:
                    return
                own = identity_of(run)
                flow_run_id, task_run_id = own.get("flow_run_id"), own.get("task_run_id")
            line = LogLine(
                max(int(record.created * 1_000_000), 0),
                _level_on_record(record.levelno),
                clip_name(record.name),
                clip(_text_of(self, record)),
                None if flow_run_id is None else UUID(str(flow_run_id)),
                None if task_run_id is None else UUID(str(task_run_id)),
            )
            get_environment().recorder.record(line)
        except Exception:  # the ledger never breaks the code that logs
            self.handleError(record)


_MESSAGE = logging.Formatter("%(message)s")
_CONSOLE = _ConsoleHandler()
_LEDGER = LedgerHandler()
_BOTH: list[logging.Handler] = [_CONSOLE, _LEDGER]
_LEDGER_ALONE: list[logging.Handler] = [_LEDGER]


def _text_of(handler: logging.Handler, record: logging.LogRecord) -> str:
    """The text of a record, with its traceback if it has one."""
    try:
        if record.exc_info and record.exc_info[2] and (error := record.exc_info[1]) is not None:
            hide_ours(error)
            record.exc_info = type(error), error, error.__traceback__
        return (handler.formatter or _MESSAGE).format(record)
    except Exception:  # a format that does not fit its arguments, or a user's __str__
        args = record.args if isinstance(record.args, tuple) else (record.args,)
        return render(record.msg, args)


def _source_of(record: logging.LogRecord) -> str:
    """What the console names as the origin of a line."""
    if record.name == TASK_RUNS.name and hasattr(record, "task_run_name"):
        return f"Task run '{record.task_run_name}'"
    if record.name == FLOW_RUNS.name and hasattr(record, "flow_run_name"):
        return f"Flow run '{record.flow_run_name}'"
    return record.name


def identity_of(run: LiveRun) -> dict[str, Any]:
    """The ids and names that a `LogRecord` of `run` carries."""
    flow_run = run.flow_run
    values: dict[str, Any] = {
        "flow_run_id": None if flow_run is None else str(flow_run.id),
        "flow_run_name": "<unknown>" if flow_run is None else flow_run.name,
        "flow_name": "<unknown>" if flow_run is None else flow_run.flow.name,
    }
    if isinstance(run, LiveFlowRun):
        assignment = run.assignment
        values["deployment_name"] = None if assignment is None else assignment.deployment_name
    else:
        values["task_run_id"] = str(run.id)
        values["task_run_name"] = run.name
        values["task_name"] = run.task.name
    return values
