"""What GraphQL answers, made into objects."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

from headrace.client.schemas.objects import (
    Artifact,
    ArtifactCollection,
    BlockDocument,
    BlockType,
    ConcurrencyLimit,
    DeploymentSchedule,
    Flow,
    FlowRun,
    Log,
    TaskRun,
    Variable,
    Worker,
    WorkerStatus,
    WorkPool,
    WorkPoolStatus,
    WorkQueue,
)
from headrace.client.schemas.responses import DeploymentResponse, GlobalConcurrencyLimitResponse
from headrace.client.schemas.schedules import CronSchedule, construct_schedule
from headrace.records import StateType
from headrace.states import State, StateDetails

Object = dict[str, Any]


def _times(found: Object) -> Object:
    return {"created": found["createdAt"], "updated": found.get("updatedAt")}


def variable(found: Object) -> Variable:
    """A variable."""
    return Variable(
        id=found["id"],
        name=found["name"],
        value=found["value"],
        tags=found["tags"],
        **_times(found),
    )


def artifact(found: Object) -> Artifact:
    """An artifact."""
    return Artifact(
        id=found["id"],
        key=found["key"],
        type=found["type"],
        description=found["description"],
        data=found["data"],
        flow_run_id=found["flowRunId"],
        task_run_id=found["taskRunId"],
        **_times(found),
    )


def artifact_collection(found: Object) -> ArtifactCollection:
    """The newest artifact of a key."""
    return ArtifactCollection(**dict(artifact(found)), latest_id=found["id"])


def block_type(found: Object) -> BlockType:
    """A type of blocks."""
    return BlockType(
        name=found["name"],
        slug=found["slug"],
        description=found["description"],
        fields=found["fields"],
        **_times(found),
    )


def block_document(found: Object) -> BlockDocument:
    """A block."""
    kind = block_type(found["type"])
    return BlockDocument(
        id=found["id"],
        name=found["name"],
        data=found["data"],
        block_type_name=kind.name,
        block_type=kind,
        is_anonymous=found["isAnonymous"],
        **_times(found),
    )


def state(found: Object, **run: Any) -> State[Any]:
    """A state; `run` is the id of the run it belongs to, as `flow_run_id` or `task_run_id`."""
    entered: State[Any] = State(
        StateType(found["type"]),
        found["name"],
        found["message"],
        timestamp=datetime.datetime.fromisoformat(found["timestamp"]),
        state_details=StateDetails(**run),
    )
    entered.kept = found["result"]
    return entered


def task_state(found: Object, **run: Any) -> State[Any]:
    """The state of a task run; programs expect an empty message where there is none."""
    entered = state(found, **run)
    entered.message = entered.message or ""
    return entered


def flow(found: Object) -> Flow:
    """A flow."""
    return Flow(id=found["id"], name=found["name"], **_times(found))


def _run(found: Object) -> Object:
    """What flow runs and task runs have in common."""
    lasted = datetime.timedelta(seconds=found["durationSeconds"] or 0.0)
    return {
        "id": found["id"],
        "name": found["name"],
        "tags": found["tags"],
        "run_count": found["runCount"],
        "start_time": found["startTime"],
        "end_time": found["endTime"],
        "total_run_time": lasted,
        "estimated_run_time": lasted,
        "state_type": found["state"]["type"],
        "state_name": found["state"]["name"],
        **_times(found),
    }


def flow_run(found: Object) -> FlowRun:
    """A flow run."""
    due = found["scheduledTime"] or found["createdAt"]
    waits = found["state"]["type"] == StateType.SCHEDULED.value
    run = FlowRun(
        **_run(found),
        flow_id=found["flow"]["id"],
        flow_name=found["flow"]["name"],
        flow_version=found["flowVersion"],
        parameters=found["parameters"],
        parent_flow_run_id=found["parentFlowRunId"],
        parent_task_run_id=found["parentTaskRunId"],
        deployment_id=found["deploymentId"],
        work_pool_name=found["workPoolName"],
        work_queue_name=found["workQueueName"],
        expected_start_time=due,
        next_scheduled_start_time=due if waits else None,
        auto_scheduled="auto-scheduled" in found["tags"],
    )
    run.state = state(found["state"], flow_run_id=run.id)
    return run


def task_run(found: Object) -> TaskRun:
    """A task run."""
    inputs: dict[str, list[Object]] = {}
    for edge in found["inputs"]:
        sources = inputs.setdefault(edge["parameter"], [])
        sources.append({"input_type": "task_run", "id": edge["runId"]})
    run = TaskRun(
        **_run(found),
        flow_run_id=found["flowRunId"],
        task_key=found["taskName"],
        dynamic_key=found["id"],
        task_inputs=inputs,  # type: ignore[arg-type]  # pydantic makes objects of them
        expected_start_time=found["createdAt"],
    )
    run.state = task_state(found["state"], task_run_id=run.id, flow_run_id=run.flow_run_id)
    return run


def log(found: Object) -> Log:
    """A log line."""
    return Log(
        name=found["logger"],
        level=found["level"],
        message=found["message"],
        timestamp=found["timestamp"],
        flow_run_id=found["flowRunId"],
        task_run_id=found["taskRunId"],
    )


def concurrency_limit(found: Object) -> GlobalConcurrencyLimitResponse:
    """A concurrency limit."""
    return GlobalConcurrencyLimitResponse(
        id=found["id"],
        name=found["name"],
        limit=found["limit"],
        active=found["active"],
        active_slots=int(found["slotsTaken"]),
        slot_decay_per_second=found["slotDecayPerSecond"],
        **_times(found),
    )


def limit_of_tag(found: Object) -> ConcurrencyLimit:
    """A concurrency limit with its holders, as that of a tag."""
    runs = [claim["taskRun"] for claim in found["holders"]]
    return ConcurrencyLimit(
        id=found["id"],
        tag=found["name"],
        concurrency_limit=found["limit"],
        active_slots=[run["id"] for run in runs if run is not None],
        **_times(found),
    )


def schedule(found: Object, deployment_id: UUID) -> DeploymentSchedule:
    """A schedule of a deployment."""
    seconds, anchor = found["intervalSeconds"], found["anchor"]
    times = construct_schedule(
        interval=None if seconds is None else datetime.timedelta(seconds=seconds),
        anchor_date=None if anchor is None else datetime.datetime.fromisoformat(anchor),
        cron=found["cron"],
        rrule=found["rrule"],
        timezone=found["timezone"],
    )
    if isinstance(times, CronSchedule):
        times.day_or = found["dayOr"]
    return DeploymentSchedule(
        id=found["id"],
        deployment_id=deployment_id,
        schedule=times,
        active=found["active"],
        parameters=found["parameters"],
        slug=found["slug"],
    )


def deployment(found: Object) -> DeploymentResponse:
    """A deployment."""
    return DeploymentResponse(
        id=found["id"],
        name=found["name"],
        flow_id=found["flowId"],
        schedules=[schedule(one, UUID(found["id"])) for one in found["schedules"]],
        flow_name=found["flowName"],
        version=found["version"],
        description=found["description"],
        paused=found["paused"],
        parameters=found["parameters"],
        tags=found["tags"],
        entrypoint=found["entrypoint"],
        work_pool_name=found["workPoolName"],
        work_queue_name=found["workQueueName"],
        job_variables=found["jobVariables"],
        parameter_openapi_schema=found["parameterSchema"],
        enforce_parameter_schema=found["enforceSchema"],
        concurrency_limit=found["concurrencyLimit"],
        **_times(found),
    )


def work_pool(found: Object) -> WorkPool:
    """A work pool."""
    is_ready = any(one["online"] for one in found["workers"])
    status = WorkPoolStatus.READY if is_ready else WorkPoolStatus.NOT_READY
    return WorkPool(
        id=found["id"],
        name=found["name"],
        type=found["type"],
        description=found["description"],
        is_paused=found["paused"],
        concurrency_limit=found["concurrencyLimit"],
        status=WorkPoolStatus.PAUSED if found["paused"] else status,
        **_times(found),
    )


def work_queue(found: Object, pool_name: str) -> WorkQueue:
    """A queue of a work pool."""
    return WorkQueue(
        id=found["id"],
        name=found["name"],
        is_paused=found["paused"],
        concurrency_limit=found["concurrencyLimit"],
        priority=found["priority"],
        work_pool_name=pool_name,
    )


def worker(found: Object) -> Worker:
    """A worker."""
    return Worker(
        id=found["id"],
        name=found["name"],
        last_heartbeat_time=found["seenAt"],
        status=WorkerStatus.ONLINE if found["online"] else WorkerStatus.OFFLINE,
    )
