"""The process of one run: `python -m headrace.runner.run`, with its job on standard input.

It runs nothing of the user's before the ledger has given it the run. It ends with 0 once the run's
end is recorded, whatever that is, or its suspension; or when the run is not its to execute. Any
other code tells the host that the process has ended without a word.
"""

from __future__ import annotations

import asyncio
import base64
import collections
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from headrace.client import Client, operations, work
from headrace.client.operations import Operation
from headrace.clipping import clip
from headrace.context import ASSIGNMENT, Assignment
from headrace.definitions import Definition
from headrace.drivers import drive
from headrace.engine.hooks import call_hooks
from headrace.entrypoints import load_flow
from headrace.exceptions import BundleError, Pause
from headrace.logging import ensure_logging
from headrace.logging.loggers import flow_run_logger
from headrace.recorder import get_recorder
from headrace.records import ClaimLoss, FlowRunChanged, LogLine, StateChange, StateType, now_micros
from headrace.runner.beginning import begin, insist, settle
from headrace.runner.jobs import Job
from headrace.runner.processes import GRACE, KILL, send
from headrace.settings import get_settings
from headrace.states import Cancelling
from headrace.text import describe_error

T = TypeVar("T")


def main() -> None:
    """Take the job from standard input, and execute it."""
    execute(msgspec.json.decode(sys.stdin.buffer.read(), type=Job))


def execute(job: Job) -> None:
    """Execute a run in this process, which is there for nothing else."""
    ensure_logging(get_settings())
    if job.is_over:
        _call_hooks(job)
        return
    assignment, over = _assignment_of(job), threading.Event()

    def give_up(loss: ClaimLoss) -> None:
        if not (over.is_set() or assignment.suspended):
            _give_up(assignment, loss)

    if (recorder := begin(job, give_up)) is not None:
        _execute(job, assignment)
        over.set()
        settle(recorder, job)


def _give_up(assignment: Assignment, loss: ClaimLoss) -> None:
    """The run is not this process's any more, which was silent for too long: let it end."""
    assignment.superseded = loss is ClaimLoss.SUPERSEDED
    what = "is not this process's any more" if assignment.superseded else "was ended meanwhile"
    logging.getLogger("headrace.runner").error(
        "Run %r %s: the process ends now", assignment.name, what
    )
    killing = threading.Timer(GRACE, send, (os.getpid(), KILL))
    killing.daemon = True
    killing.start()
    send(os.getpid(), signal.SIGTERM)


def _execute(job: Job, assignment: Assignment) -> None:
    try:
        flow = _flow_of(job)
    except Exception as error:  # whatever the user's module raises
        logging.getLogger("headrace.runner").error(
            "Run %r cannot begin: %s", job.name, describe_error(error), exc_info=error
        )
        _record_failure(job, f"The flow could not be loaded: {describe_error(error)}")
        return
    ASSIGNMENT.set(assignment)
    try:
        _run(flow, job.parameters)
    except Pause:
        return  # it is suspended, which is recorded
    except Exception as error:
        if ASSIGNMENT.get() is None:  # the run has begun, and has recorded its end
            raise
        _record_failure(job, f"The run could not begin: {describe_error(error)}")


def _call_hooks(job: Job) -> None:
    """Call the hooks for the end of a run whose own process could not."""
    from headrace.client.run_operations import flow_run
    from headrace.client.schemas import answers  # loads pydantic

    flow = _flow_of(job)
    found = _ask(flow_run(job.flow_run_id))
    if found is None:
        return
    run = answers.flow_run(found)
    assert run.state is not None  # of a run that was read
    # Hooks hear that the run is being cancelled: so Prefect's users know it.
    state = Cancelling() if run.state.is_cancelled() else run.state
    logger = flow_run_logger(run, flow)
    drive(call_hooks(flow.hooks, flow, cast(Any, run), state, logger))


def _run(flow: Definition, parameters: dict[str, Any]) -> None:
    """Run the flow to its end; of one that generates, all items are taken."""
    call = cast(Any, flow)
    if not flow.isgenerator:
        state = call(**parameters, return_state=True)
        if isinstance(state, Coroutine):
            asyncio.run(state)
        return
    items = call(**parameters)
    try:
        if flow.isasync:
            asyncio.run(_take_all(items))
        else:
            collections.deque(items, maxlen=0)
    except Exception:
        if ASSIGNMENT.get() is not None:
            raise
        # The run had begun, and has recorded what it failed with.


async def _take_all(items: AsyncIterator[object]) -> None:
    async for _ in items:
        continue


def _flow_of(job: Job) -> Definition:
    folder = None if job.folder is None else Path(job.folder)
    if job.bundle_key is not None:
        return bundled(job.bundle_key)
    assert job.entrypoint is not None
    if folder is not None:
        if not folder.is_dir():
            raise FileNotFoundError(
                f"there is no folder {folder} on this machine, where the deployment was made"
            )
        os.chdir(folder)
    return load_flow(job.entrypoint, folder)


def bundled(key: str) -> Definition:
    """The flow of a bundle, which is asked for until the service answers."""
    from headrace.bundles import open_bundle  # loads cloudpickle

    bundle = _ask(work.bundle(key))
    if bundle is None:
        raise BundleError(f"the bundle {key} is gone; deploy the flow again")
    return open_bundle(base64.b64decode(bundle["content"]), bundle["about"])


def _ask(operation: Operation[T]) -> T:
    """An answer about a run that is ours: that the service goes meanwhile is no failure of it."""

    def perform() -> T:
        with Client() as client:
            return client.perform(operation)

    return insist(perform)


def _assignment_of(job: Job) -> Assignment:
    def wanted_state() -> StateType | None:
        with Client() as client:
            run = client.perform(operations.flow_run(job.flow_run_id))
        return None if run is None else StateType(run["state"]["type"])

    return Assignment(
        job.flow_run_id,
        job.name,
        job.epoch,
        job.run_count,
        job.deployment_id,
        job.deployment_name,
        job.deployment_version,
        job.parameters,
        wanted_state,
    )


def _record_failure(job: Job, message: str) -> None:
    """The run has not even begun: say so in its place."""
    recorder, now = get_recorder(), now_micros()
    line = LogLine(now, logging.ERROR, "headrace.runner", clip(message), job.flow_run_id)
    state = StateChange(StateType.FAILED, "Failed", now, clip(message), job.run_count)
    recorder.record(line)
    recorder.record(FlowRunChanged(job.flow_run_id, state, job.epoch))


if __name__ == "__main__":
    main()
