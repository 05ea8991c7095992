"""The task run that the code is in.

id, name: its id as text, and its name.
task_name: the task's name.
parameters: its arguments by name, defaults included.
tags: the words to find it by.
run_count: the number of the current attempt.
api_url, ui_url: where to find it at the service; None without one.
"""

from __future__ import annotations

from typing import Any

from headrace.context import LiveTaskRun
from headrace.runtime.fields import Fields, first_address, read_field


def _id() -> str | None:
    run = LiveTaskRun.get()
    return None if run is None else str(run.id)


def _name() -> str | None:
    run = LiveTaskRun.get()
    return None if run is None else run.name


def _task_name() -> str | None:
    run = LiveTaskRun.get()
    return None if run is None else run.task.name


def _parameters() -> dict[str, Any]:
    run = LiveTaskRun.get()
    return {} if run is None else run.parameters


def _tags() -> list[str]:
    run = LiveTaskRun.get()
    return [] if run is None else run.tags


def _run_count() -> int:
    run = LiveTaskRun.get()
    return 0 if run is None else run.run_count


def _api_url() -> str | None:
    root, run_id = first_address(), _id()
    return None if root is None or run_id is None else f"{root}/runs/task-run/{run_id}"


_FIELDS: Fields = {
    "id": _id,
    "tags": _tags,
    "name": _name,
    "parameters": _parameters,
    "run_count": _run_count,
    "task_name": _task_name,
    "api_url": _api_url,
    "ui_url": lambda: None,
}


__all__ = [*_FIELDS]


def __getattr__(name: str) -> Any:
    return read_field(__name__, _FIELDS, name)


def __dir__() -> list[str]:
    return sorted(_FIELDS)
