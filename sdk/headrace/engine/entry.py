"""Calling and submitting: from a user's call to the lifecycle of a run."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from headrace.context import LiveFlowRun
from headrace.drawing import CURRENT_DRAWING
from headrace.drivers import drive, drive_async
from headrace.engine.flow_run import new_flow_run
from headrace.engine.generators import drive_async_generator, drive_generator
from headrace.engine.jobs import Job, crash
from headrace.engine.lifecycle import lifecycle
from headrace.engine.pools import Pool, own_runner_of, pending_of, pool_of
from headrace.engine.signals import termination
from headrace.engine.task_run import new_task_run
from headrace.exceptions import TerminationSignal
from headrace.futures import HeadraceConcurrentFuture, HeadraceFuture, when_all_done
from headrace.records import StateType
from headrace.text import describe_error

if TYPE_CHECKING:
    from headrace.engine.flow_run import FlowRun
    from headrace.engine.task_run import TaskRun
    from headrace.flows import Flow
    from headrace.states import State
    from headrace.tasks import Task


def call_task(task: Task[..., Any], args: tuple[object, ...], kwargs: dict[str, Any]) -> Any:
    """Call a task: its value, or a coroutine that gives it if the task is asynchronous."""
    if (drawing := CURRENT_DRAWING.get()) is not None:
        return drawing.call(task, args, kwargs)
    return_state = kwargs.pop("return_state", False) if kwargs else False
    wait_for = kwargs.pop("wait_for", None) if kwargs else None
    if task.isasync:
        if task.isgenerator:
            return drive_async_generator(new_task_run(task, args, kwargs, wait_for), task.function)
        return _call_task_async(task, args, kwargs, return_state, wait_for)
    run = new_task_run(task, args, kwargs, wait_for)
    if task.isgenerator:
        return drive_generator(run, task.function)
    state = _drive_alone(run) if run.flow_run is None else drive(lifecycle(run))
    if return_state:
        return state
    if state.type is not StateType.COMPLETED:
        return state.outcome()
    return state if run.returned_state else state.data


async def _call_task_async(
    task: Task[..., Any],
    args: tuple[object, ...],
    kwargs: dict[str, Any],
    return_state: bool,
    wait_for: object,
) -> Any:
    run = new_task_run(task, args, kwargs, wait_for)
    alone = run.flow_run is None
    state = await (_drive_alone_async(run) if alone else drive_async(lifecycle(run)))
    if return_state or (run.returned_state and state.is_completed()):
        return state
    return state.outcome()


def call_flow(flow: Flow[..., Any], args: tuple[object, ...], kwargs: dict[str, Any]) -> Any:
    """Call a flow: its value, or a coroutine that gives it if the flow is asynchronous."""
    if (drawing := CURRENT_DRAWING.get()) is not None:
        return drawing.call(flow, args, kwargs)
    return_state = kwargs.pop("return_state", False)
    wait_for = kwargs.pop("wait_for", None)
    if flow.isasync:
        if flow.isgenerator:
            return drive_async_generator(new_flow_run(flow, args, kwargs, wait_for), flow.function)
        return _call_flow_async(flow, args, kwargs, return_state, wait_for)
    run = new_flow_run(flow, args, kwargs, wait_for)
    if flow.isgenerator:
        return drive_generator(run, flow.function)
    state = _drive_alone(run) if run.is_outermost else drive(lifecycle(run))
    return state if return_state else state.outcome()


async def _call_flow_async(
    flow: Flow[..., Any],
    args: tuple[object, ...],
    kwargs: dict[str, Any],
    return_state: bool,
    wait_for: object,
) -> Any:
    run = new_flow_run(flow, args, kwargs, wait_for)
    alone = run.is_outermost
    state = await (_drive_alone_async(run) if alone else drive_async(lifecycle(run)))
    return state if return_state else state.outcome()


def submit_task(
    task: Task[..., Any],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    wait_for: object = None,
    edges: Mapping[str, list[UUID]] | None = None,
) -> HeadraceFuture[Any]:
    """Let a task run where the flow run's task runner runs them, once what it needs is there.

    Args:
        edges: runs whose results go into the call, by parameter, besides those its arguments show.
    """
    if (drawing := CURRENT_DRAWING.get()) is not None:
        stand_in: Any = drawing.submit(task, args, {**kwargs, "wait_for": wait_for})
        return cast("HeadraceFuture[Any]", stand_in)
    flow_run = LiveFlowRun.get()
    if flow_run is not None and flow_run.flow.has_own_runner:
        future: HeadraceFuture[Any] = own_runner_of(flow_run).submit_call(
            task, args, kwargs, wait_for, edges
        )
        return future
    return submit_to(None, task, args, kwargs, wait_for, edges)


def submit_to(
    pool: Pool | None,
    task: Task[..., Any],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    wait_for: object = None,
    edges: Mapping[str, list[UUID]] | None = None,
) -> HeadraceFuture[Any]:
    """Let a task run in `pool`, or in that of the flow run, once what it needs is there."""
    run = new_task_run(task, args, kwargs, wait_for)
    run.submitted = True
    if edges:
        run.edges = {**edges, **run.edges}
    # Now that there is a recorder: at exit, loose tasks are waited for before it is closed.
    place = pool or pool_of(run.flow_run)
    if run.can_be_named():
        run.enter(StateType.PENDING, "Pending")
    future: HeadraceFuture[Any] = HeadraceConcurrentFuture(run)
    pending = pending_of(run.flow_run)
    pending[future] = None
    job = Job(run, future, pending)
    # Waiting before it takes a place: tasks that wait for others never fill the pool.
    if run.upstream is None:
        _hand_over(job, place, future)
    else:
        when_all_done(run.upstream.futures, lambda: _hand_over(job, place, future))
    return future


def _hand_over(job: Job, place: Pool, future: HeadraceFuture[Any]) -> None:
    try:
        place.submit(job)
    except RuntimeError as error:  # whoever waits for the future learns of it
        crash(future, describe_error(error))


def _drive_alone(run: FlowRun | TaskRun) -> State[Any]:
    """Run the lifecycle of a run that no other one is around: SIGTERM is its business."""
    with termination():
        return drive(lifecycle(run))


async def _drive_alone_async(run: FlowRun | TaskRun) -> State[Any]:
    with termination(_canceller()):
        return await drive_async(lifecycle(run))


def _canceller() -> Callable[[], object]:
    """What cancels the coroutine that calls this, with a message that tells of SIGTERM."""
    import asyncio

    loop = asyncio.get_running_loop()
    current = asyncio.current_task()

    def cancel() -> None:
        if current is not None:
            # Wakes the loop, too.
            loop.call_soon_threadsafe(current.cancel, str(TerminationSignal(signal.SIGTERM)))

    return cancel
