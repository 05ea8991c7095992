"""Deployments, as programs that look after them ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from headrace.client import run_operations, scheduling, work
from headrace.client.orchestration.asking import Asking, cut, everything, found_or_not
from headrace.client.schemas import answers
from headrace.client.schemas.actions import DeploymentScheduleCreate, DeploymentUpdate
from headrace.client.schemas.filters import DeploymentFilter
from headrace.client.schemas.objects import Deployment, DeploymentSchedule
from headrace.client.schemas.responses import DeploymentResponse
from headrace.client.schemas.schedules import SCHEDULE_TYPES
from headrace.client.schemas.sorting import DeploymentSort
from headrace.exceptions import ObjectAlreadyExists
from headrace.options import checked_full_name

#: The fields of a deployment that its input has, too, and that say what it is.
_KEPT = (
    *("flowName", "name", "description", "version", "tags", "entrypoint", "folder", "bundleKey"),
    *("parameters", "parameterSchema", "enforceSchema", "jobVariables", "workPoolName"),
    *("workQueueName", "concurrencyLimit", "collisionStrategy", "limits", "key", "singleton"),
    *("debounceSeconds", "retries", "retryDelaysSeconds"),
)


def read_deployment(deployment_id: UUID | str) -> Asking[DeploymentResponse]:
    """A deployment by its id.

    Raises:
        ObjectNotFound: there is none.
    """
    found = yield work.deployment(deployment_id)
    return answers.deployment(found_or_not(found, f"deployment {deployment_id}"))


def read_deployment_by_name(name: str) -> Asking[DeploymentResponse]:
    """A deployment by its full name, `flow/name`.

    Raises:
        ObjectNotFound: there is none.
        ValueError: the name has no slash.
    """
    found = yield work.deployment(checked_full_name(name))
    return answers.deployment(found_or_not(found, f"deployment {name!r}"))


def read_deployments(
    *,
    deployment_filter: DeploymentFilter | None = None,
    sort: DeploymentSort = DeploymentSort.NAME_ASC,
    limit: int | None = None,
    offset: int = 0,
) -> Asking[list[DeploymentResponse]]:
    """Deployments that fit, in an order; see `read_flow_runs`."""
    rows = yield from everything(lambda after: work.deployments(after=after))
    found = [answers.deployment(row) for row in rows]
    wanted = [one for one in found if deployment_filter is None or fits(deployment_filter, one)]
    if sort in (DeploymentSort.NAME_ASC, DeploymentSort.NAME_DESC):
        wanted.sort(key=lambda one: one.name, reverse=sort is DeploymentSort.NAME_DESC)
    else:
        wanted.sort(key=lambda one: one.id, reverse=True)
    return cut(wanted, limit, offset)


def create_deployment(
    flow_id: UUID,
    name: str,
    version: str | None = None,
    *,
    schedules: Sequence[DeploymentScheduleCreate] | None = None,
    concurrency_limit: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    description: str | None = None,
    work_queue_name: str | None = None,
    work_pool_name: str | None = None,
    tags: Sequence[str] | None = None,
    path: str | None = None,
    entrypoint: str | None = None,
    parameter_openapi_schema: Mapping[str, Any] | None = None,
    paused: bool | None = None,
    enforce_parameter_schema: bool | None = None,
    job_variables: Mapping[str, Any] | None = None,
) -> Asking[UUID]:
    """Make a deployment known, or bring the one of its name to what is asked for; its id.

    Args:
        flow_id: its flow, as `create_flow` tells it.
        name: its name.
        version: the version of its code.
        schedules: when it runs by itself.
        concurrency_limit: how many of its runs may be under way at once.
        parameters: its runs' arguments, where nobody gives others.
        description: what it is for.
        work_queue_name, work_pool_name: where its runs wait.
        tags: the tags of its runs.
        path: the folder that the entrypoint starts from.
        entrypoint: where its flow is found: `path.py:flow` or `module.flow`.
        parameter_openapi_schema: what arguments its flow takes, as a JSON Schema.
        paused: whether its schedules rest.
        enforce_parameter_schema: whether arguments are checked when a run is asked for.
        job_variables: what its runs tell the worker.

    Raises:
        ObjectNotFound: there is no such flow.
    """
    flow = found_or_not((yield run_operations.flow(id=flow_id)), f"flow {flow_id}")
    wanted = work.input_of(
        flow_name=flow["name"],
        name=name,
        version=version,
        description=description,
        parameters=None if parameters is None else dict(parameters),
        parameter_schema=None if parameter_openapi_schema is None else {**parameter_openapi_schema},
        enforce_schema=enforce_parameter_schema,
        work_pool_name=work_pool_name,
        work_queue_name=work_queue_name,
        tags=None if tags is None else list(tags),
        folder=path,
        entrypoint=entrypoint,
        job_variables=None if job_variables is None else dict(job_variables),
        concurrency_limit=concurrency_limit,
        paused=paused,
        schedules=None if schedules is None else [one.as_input() for one in schedules],
    )
    found = yield work.apply_deployment(wanted)
    return UUID(found["id"])


def update_deployment(deployment_id: UUID, deployment: DeploymentUpdate) -> Asking[None]:
    """Change a deployment; what is not set stays.

    Raises:
        ObjectNotFound: there is no such deployment.
    """
    new = deployment.model_dump(exclude_unset=True)
    if "enforce_parameter_schema" in new:
        new["enforce_schema"] = new.pop("enforce_parameter_schema")
    while True:
        found = found_or_not((yield work.deployment(deployment_id)), f"deployment {deployment_id}")
        kept = {name: found[name] for name in _KEPT if found[name] is not None}
        wanted = {**kept, **work.input_of(**new), "expectedRevision": found["revision"]}
        try:
            yield work.apply_deployment(wanted)
        except ObjectAlreadyExists:  # somebody has changed it since: that is to stay, too
            continue
        return


def delete_deployment(deployment_id: UUID) -> Asking[None]:
    """Delete a deployment; its runs stay.

    Raises:
        ObjectNotFound: there is none.
    """
    yield work.delete_deployment(deployment_id)


def pause_deployment(deployment_id: UUID) -> Asking[None]:
    """Let a deployment's schedules rest.

    Raises:
        ObjectNotFound: there is no such deployment.
    """
    yield work.set_deployment_paused(deployment_id, True)


def resume_deployment(deployment_id: UUID) -> Asking[None]:
    """Let a deployment's schedules go on; see `pause_deployment`."""
    yield work.set_deployment_paused(deployment_id, False)


def set_deployment_paused_state(deployment_id: UUID, paused: bool) -> Asking[None]:
    """Let a deployment's schedules rest, or go on; see `pause_deployment`."""
    yield work.set_deployment_paused(deployment_id, paused)


# -- schedules -------------------------------------------------------------------------------------


def create_deployment_schedules(
    deployment_id: UUID,
    schedules: Sequence[tuple[SCHEDULE_TYPES, bool] | DeploymentScheduleCreate],
    max_scheduled_runs: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    slug: str | None = None,
) -> Asking[list[DeploymentSchedule]]:
    """Give a deployment more schedules.

    Args:
        deployment_id: the deployment.
        schedules: each with whether it is active, or with all that it says.
        max_scheduled_runs: has no effect; programs written for Prefect may give it.
        parameters: arguments of the runs of those given as pairs.
        slug: the name of one given as a pair.

    Raises:
        ObjectNotFound: there is no such deployment.
    """
    made = []
    for one in schedules:
        if isinstance(one, tuple):
            times, active = one
            one = DeploymentScheduleCreate(
                schedule=times, active=active, parameters=dict(parameters or {}), slug=slug
            )
        found = yield scheduling.create_schedule(deployment_id, one.as_input())
        made.append(answers.schedule(found, deployment_id))
    return made


def read_deployment_schedules(deployment_id: UUID) -> Asking[list[DeploymentSchedule]]:
    """A deployment's schedules, the oldest first.

    Raises:
        ObjectNotFound: there is no such deployment.
    """
    found = yield from read_deployment(deployment_id)
    return found.schedules


def update_deployment_schedule(
    deployment_id: UUID,
    schedule_id: UUID,
    active: bool | None = None,
    schedule: SCHEDULE_TYPES | None = None,
    parameters: Mapping[str, Any] | None = None,
    slug: str | None = None,
) -> Asking[None]:
    """Change a schedule; what is not given stays.

    Raises:
        ObjectNotFound: the deployment has no such schedule.
    """
    found = found_or_not((yield work.deployment(deployment_id)), f"deployment {deployment_id}")
    old = next((one for one in found["schedules"] if one["id"] == str(schedule_id)), None)
    wanted = scheduling.input_of_schedule(found_or_not(old, f"schedule {schedule_id}"))
    if schedule is not None:
        times = DeploymentScheduleCreate(schedule=schedule).as_input()
        blank = dict.fromkeys(("cron", "rrule", "intervalSeconds", "anchor"))
        told = {name: times[name] for name in (*blank, "timezone", "dayOr") if name in times}
        wanted |= blank | told
    given = work.input_of(active=active, parameters=parameters and dict(parameters), slug=slug)
    yield scheduling.update_schedule(schedule_id, {**wanted, **given})


def delete_deployment_schedule(deployment_id: UUID, schedule_id: UUID) -> Asking[None]:
    """Delete a schedule of a deployment.

    Raises:
        ObjectNotFound: there is no such schedule.
    """
    yield scheduling.delete_schedule(schedule_id)


def fits(wanted: DeploymentFilter, one: Deployment) -> bool:
    """Whether a deployment fits a filter."""
    if wanted.id is not None and wanted.id.any_ is not None and one.id not in wanted.id.any_:
        return False
    name, tags = wanted.name, wanted.tags
    if name is not None and name.any_ is not None and one.name not in name.any_:
        return False
    if name is not None and name.like_ is not None and name.like_.lower() not in one.name.lower():
        return False
    if tags is None:
        return True
    have = set(one.tags)
    return (
        (tags.all_ is None or have.issuperset(tags.all_))
        and (tags.any_ is None or bool(have & set(tags.any_)))
        and (tags.is_null_ is None or tags.is_null_ is not bool(have))
    )
