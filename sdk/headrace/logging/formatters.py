"""Formats for handlers of your own: a text for each kind of line, or JSON."""

from __future__ import annotations

import json
import logging
import traceback
from types import TracebackType
from typing import Any, Literal

from headrace.logging.lines import FLOW_RUNS, TASK_RUNS

_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class HeadraceFormatter(logging.Formatter):
    """A format that is another one for lines of flow runs and of task runs.

    Args:
        format: the format of all other lines, as `logging.Formatter` takes it.
        datefmt, style, validate, defaults: as there.
        task_run_fmt: that of lines of task runs; `format` unless given.
        flow_run_fmt: that of lines of flow runs; `format` unless given.
    """

    def __init__(
        self,
        format: str | None = None,
        datefmt: str | None = None,
        style: Literal["%", "{", "$"] = "%",
        validate: bool = True,
        *,
        defaults: dict[str, Any] | None = None,
        task_run_fmt: str | None = None,
        flow_run_fmt: str | None = None,
    ) -> None:
        super().__init__(format, datefmt, style, validate, defaults=defaults)
        self.task_run_fmt, self.flow_run_fmt = task_run_fmt, flow_run_fmt
        self._formats = {
            name: logging.Formatter(text, datefmt, style, validate, defaults=defaults)
            for name, text in ((FLOW_RUNS.name, flow_run_fmt), (TASK_RUNS.name, task_run_fmt))
            if text is not None
        }

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line, without a traceback."""
        own = self._formats.get(record.name)
        return super().formatMessage(record) if own is None else own.formatMessage(record)


def format_exception_info(exc_info: _Raised) -> dict[str, Any]:
    """What `sys.exc_info()` tells, as JSON can hold it: `type`, `message` and `traceback`."""
    kind, error, trace = exc_info
    if kind is None:
        return {}
    told = None if trace is None else "".join(traceback.format_tb(trace))
    return {"type": kind.__name__, "message": str(error), "traceback": told}


class JsonFormatter(logging.Formatter):
    """Each line as JSON: all that its `LogRecord` holds, and its level as `severity`.

    Args:
        fmt: "default", or "pretty" for one with line breaks.
        dmft, style: have no effect; configurations written for Prefect give them.

    Raises:
        ValueError: `fmt` is something else.
    """

    def __init__(self, fmt: Literal["pretty", "default"], dmft: str, style: str) -> None:
        super().__init__()
        if fmt not in ("pretty", "default"):
            raise ValueError("Format must be either 'pretty' or 'default'.")
        self._indent = 2 if fmt == "pretty" else None

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told = {**record.__dict__}
        told.setdefault("severity", record.levelname)
        if record.exc_info:
            told["exc_info"] = format_exception_info(record.exc_info)
        separators = (",", ":") if self._indent is None else None
        return json.dumps(
            told, indent=self._indent, separators=separators, default=_named, ensure_ascii=False
        )


def _named(value: object) -> str:
    return f"<non-serializable: {type(value).__name__}>"
