"""Runs of deployments: asked for, and waited for."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from headrace.client import AsyncClient, run_operations, work
from headrace.client.orchestration.asking import raise_status
from headrace.client.schemas import answers
from headrace.client.schemas.objects import FlowRun
from headrace.client.shared import ask
from headrace.context import CURRENT_RUN, LiveFlowRun, LiveTaskRun
from headrace.exceptions import FlowRunWaitTimeout, InvalidOption, ObjectNotFound, ServiceError
from headrace.flow_runs import read_flow_run, wait_for_flow_run
from headrace.names import generate_name
from headrace.options import checked_full_name
from headrace.parameters import sent
from headrace.utilities.asyncutils import dispatched


async def arun_deployment(
    name: str | UUID,
    client: object = None,
    parameters: Mapping[str, Any] | None = None,
    scheduled_time: datetime.datetime | None = None,
    flow_run_name: str | None = None,
    timeout: float | None = None,
    poll_interval: float | None = 5,
    tags: Iterable[str] | None = None,
    idempotency_key: str | None = None,
    work_queue_name: str | None = None,
    as_subflow: bool | None = True,
    job_variables: Mapping[str, Any] | None = None,
    priority: int = 0,
) -> FlowRun:
    """Run a deployment where it is served or worked for, and wait for the end of the run.

    Args:
        name: `flow/deployment`, or the deployment's id.
        client: has no effect; programs written for Prefect give it.
        parameters: arguments, over those of the deployment.
        scheduled_time: when it is to start; by default now.
        flow_run_name: the run's name.
        timeout: for how many seconds to wait at most: 0 not at all, None for as long as it takes.
        poll_interval: has no effect, since the end is told at once.
        tags: tags of the run, besides those of the deployment.
        idempotency_key: asked for again under the same key, it is the same run.
        work_queue_name: another queue of the deployment's pool.
        as_subflow: whether the run belongs to the flow run that this code runs in.
        job_variables: what to tell the worker, over what the deployment does.
        priority: by how many seconds it goes before runs that were due earlier.

    Returns:
        The run as it is after the wait, be it ended or not.

    Raises:
        ObjectNotFound: there is no such deployment.
        HeadraceHTTPStatusError: the arguments do not fit, and the message names them; or something
            else was asked for under the idempotency key.
        InvalidOption: `scheduled_time` is no datetime.
        ValueError: the timeout is negative, or the name has no slash and is no id.
    """
    if timeout is not None and timeout < 0:
        raise ValueError("`timeout` cannot be negative")
    at: object = scheduled_time
    if at is not None and not isinstance(at, datetime.datetime):
        raise InvalidOption(f"scheduled_time={at!r} cannot be used: give a datetime")
    if not work.is_id(name):
        checked_full_name(str(name))
    caller = CURRENT_RUN.get() if as_subflow else None
    parent = LiveFlowRun.get() if as_subflow else None
    wanted = work.input_of(
        deployment=str(name),
        parameters=sent(dict(parameters or {})),
        name=flow_run_name or generate_name(),
        tags=list(tags or ()),
        scheduled_time=None if scheduled_time is None else scheduled_time.isoformat(),
        idempotency_key=idempotency_key,
        parent_flow_run_id=None if parent is None else str(parent.id),
        parent_task_run_id=str(caller.id) if isinstance(caller, LiveTaskRun) else None,
        work_queue_name=work_queue_name,
        job_variables=dict(job_variables) if job_variables else None,
        priority=priority or None,
    )
    run = await _asked_for(wanted)
    if timeout == 0:
        return run
    try:
        ended: FlowRun = await wait_for_flow_run(run.id, timeout=timeout)
    except FlowRunWaitTimeout:
        async with AsyncClient() as reading:
            ended = await read_flow_run(reading, run.id)
    return ended


async def _asked_for(wanted: Mapping[str, Any]) -> FlowRun:
    """The run, as soon as it is there; see `run_deployment` for what is raised."""
    try:
        created = await ask(work.create_flow_run(wanted, run_operations.FLOW_RUN))
    except ServiceError as error:
        if error.code == "NotFound":
            raise ObjectNotFound(error) from error
        if error.code in ("InvalidInput", "Conflict"):
            raise_status(HTTPStatus.CONFLICT, str(error))
        raise
    return answers.flow_run(created)


run_deployment = dispatched(arun_deployment)


__all__ = ["arun_deployment", "run_deployment"]
