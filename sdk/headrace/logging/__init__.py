"""Log lines of runs: on the console, and in the ledger beside the run they belong to.

    from headrace import flow, get_run_logger

    @flow
    def pipeline():
        get_run_logger().info("starting with %d files", 3)

The loggers are ordinary ones of the `logging` module: `headrace.flow_runs`, `headrace.task_runs`
and `headrace.engine`, children of `headrace`. Handlers, filters and levels can be set on them as
on any other. As long as nobody has, a line takes a short cut that makes no `logging.LogRecord`.
"""

from __future__ import annotations

from headrace.logging.lines import (
    ROOT,
    ensure_logging,
    handling,
    log_creation,
    log_line,
)
from headrace.logging.loggers import (
    HeadraceLogAdapter,
    LogEavesdropper,
    disable_run_logger,
    get_logger,
    get_run_logger,
    logger_of,
)

__all__ = [
    "ROOT",
    "HeadraceLogAdapter",
    "LogEavesdropper",
    "disable_run_logger",
    "ensure_logging",
    "get_logger",
    "get_run_logger",
    "handling",
    "log_creation",
    "log_line",
    "logger_of",
]
