"""Operations about background runs of tasks; as `operations`."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from uuid import UUID

from headrace.client.operations import ERROR, Object, Operation, SafeChange


def background_run(
    id: UUID,
    task_key: str,
    task_name: str,
    name: str,
    arguments: bytes,
    *,
    tags: Sequence[str] = (),
    inputs: Mapping[str, Sequence[UUID]] | None = None,
    flow_run_id: UUID | None = None,
) -> Object:
    """A run to ask for, which some task worker executes; `arguments` are pickled."""
    edges = [
        {"parameter": name, "runIds": list(map(str, ids))} for name, ids in (inputs or {}).items()
    ]
    return {
        "id": str(id),
        "taskKey": task_key,
        "taskName": task_name,
        "name": name,
        "arguments": base64.b64encode(arguments).decode(),
        "tags": list(tags),
        "inputs": edges,
        "flowRunId": None if flow_run_id is None else str(flow_run_id),
    }


def enqueue_task_runs(wanted: Sequence[Object]) -> Operation[Object]:
    """Ask for runs, as `background_run` makes them; all are there then, or none."""
    document = (
        "mutation ($inputs: [BackgroundRunInput!]!) { enqueueTaskRuns(inputs: $inputs) "
        f"{{ ... on TasksEnqueued {{ runIds }} {ERROR} }} }}"
    )
    return SafeChange(document, {"inputs": list(wanted)}, "enqueueTaskRuns")


def claim_task_runs(wanted: Mapping[str, object]) -> Operation[Object]:
    """Take background runs: `runs`; `lost` are those that are no longer the worker's own.

    Args:
        wanted: the fields of the schema's `TaskClaimInput`.
    """
    document = (
        "mutation ($input: TaskClaimInput!) { claimTaskRuns(input: $input) "
        "{ ... on TaskClaims { "
        "runs { taskRunId taskKey name epoch runCount tags awaits arguments } lost } "
        f"{ERROR} }} }}"
    )
    return SafeChange(document, {"input": dict(wanted)}, "claimTaskRuns")


def begin_task_runs(wanted: Mapping[str, object]) -> Operation[Object]:
    """Ask for claimed runs before they are executed: `runIds` are those that may be.

    Args:
        wanted: the fields of the schema's `BeginTasksInput`.
    """
    document = (
        "mutation ($input: BeginTasksInput!) { beginTaskRuns(input: $input) "
        f"{{ ... on TasksBegun {{ runIds }} {ERROR} }} }}"
    )
    return SafeChange(document, {"input": dict(wanted)}, "beginTaskRuns")


#: Tells a task worker that there may be something to do, and others that runs have ended.
FOLLOW = """
subscription ($after: Cursor, $ids: [ID!], $states: [StateType!]) {
  taskRuns(after: $after, taskRunIds: $ids, states: $states) {
    cursor
    events { taskRunId }
  }
}
"""
