"""Running a task that is at hand with parameters that are at hand, as a function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from headrace.engine.entry import call_task
from headrace.exceptions import TaskRunTimeoutError as TaskRunTimeoutError
from headrace.tasks import Task


def run_task(
    task: Task[..., Any],
    parameters: Mapping[str, Any] | None = None,
    wait_for: Any = None,
    return_type: Literal["state", "result"] = "result",
) -> Any:
    """Run a task; in asynchronous code, and for an asynchronous task, it is awaited as a call is.

    Args:
        task: the task.
        parameters: its arguments by name.
        wait_for: futures that have to complete before it starts.
        return_type: "state" for its final state, which raises nothing.

    Raises:
        Exception: as a call of the task does.
    """
    args, kwargs = task.shape.unbind(task.shape.fill(parameters or {}))
    options = {"wait_for": wait_for, "return_state": return_type == "state"}
    return call_task(task, args, {**kwargs, **options})


def run_task_sync(
    task: Task[..., Any],
    parameters: Mapping[str, Any] | None = None,
    wait_for: Any = None,
    return_type: Literal["state", "result"] = "result",
) -> Any:
    """As `run_task`, for a synchronous task."""
    return run_task(task, parameters, wait_for, return_type)


async def run_task_async(
    task: Task[..., Any],
    parameters: Mapping[str, Any] | None = None,
    wait_for: Any = None,
    return_type: Literal["state", "result"] = "result",
) -> Any:
    """As `run_task`, for an asynchronous task."""
    return await run_task(task, parameters, wait_for, return_type)
