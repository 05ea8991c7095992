"""Operations about deployments, work pools, and the runs that workers take; as `operations`."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from headrace.client.operations import ERROR, FLOW_RUN, PAGE, Change, Object, Operation, SafeChange

SCHEDULE = (
    "id slug cron intervalSeconds anchor rrule timezone dayOr active parameters catchup catchupMax "
    "catchupWindowSeconds overlap startDeadlineSeconds nextFire"
)
DEPLOYMENT = (
    "id name fullName flowName flowId description version entrypoint folder bundleKey "
    "enforceSchema paused concurrencyLimit collisionStrategy limits key debounceSeconds singleton "
    "retries retryDelaysSeconds revision createdAt updatedAt tags parameters parameterSchema "
    "jobVariables workPoolName workQueueName "
    f"schedules {{ {SCHEDULE} }}"
)
_WORKER = "id name host pid online capacity workQueueNames startedAt seenAt"
WORK_POOL = (
    "id name type description paused concurrencyLimit createdAt "
    f"queues {{ id name priority paused concurrencyLimit }} workers {{ {_WORKER} }}"
)
_CLAIMED = (
    "flowRunId name epoch runCount parameters jobVariables scheduledTime folder "
    "deployment { id name version entrypoint bundleKey jobVariables }"
)


def deployments(
    *, flow_name: str | None = None, first: int = 200, after: str | None = None
) -> Operation[Object]:
    """A page of the deployments, by flow and name: `nodes` and `pageInfo`."""
    document = (
        "query ($first: Int, $after: Cursor, $filter: DeploymentFilter) "
        "{ deployments(first: $first, after: $after, filter: $filter) "
        f"{{ nodes {{ {DEPLOYMENT} }} {PAGE} }} }}"
    )
    where = {} if flow_name is None else {"flowNames": [flow_name]}
    given: dict[str, object] = {"first": first, "after": after, "filter": where}
    return Operation(document, given, "deployments")


def deployment(which: UUID | str) -> Operation[Object | None]:
    """A deployment by its id or by `flow/name`; None when there is none."""
    given = {"id": str(which)} if is_id(which) else {"name": str(which)}
    document = (
        f"query ($id: ID, $name: String) {{ deployment(id: $id, name: $name) {{ {DEPLOYMENT} }} }}"
    )
    return Operation(document, {**given}, "deployment")


def apply_deployment(wanted: Mapping[str, object]) -> Operation[Object]:
    """Create a deployment, or bring the one of that name to what is asked for.

    Args:
        wanted: the fields of the schema's `DeploymentInput`.
    """
    document = (
        "mutation ($input: DeploymentInput!) { applyDeployment(input: $input) "
        f"{{ ... on Deployment {{ {DEPLOYMENT} }} {ERROR} }} }}"
    )
    return SafeChange(document, {"input": dict(wanted)}, "applyDeployment")


def set_deployment_paused(which: UUID | str, paused: bool) -> Operation[Object]:
    """Let a deployment's schedules rest, or go on from now."""
    document = (
        "mutation ($which: String!, $paused: Boolean!) "
        "{ setDeploymentPaused(deployment: $which, paused: $paused) "
        f"{{ ... on Deployment {{ {DEPLOYMENT} }} {ERROR} }} }}"
    )
    return SafeChange(document, {"which": str(which), "paused": paused}, "setDeploymentPaused")


def delete_deployment(which: UUID | str) -> Operation[Object]:
    """Forget a deployment and its schedules; its runs that wait are cancelled."""
    document = (
        "mutation ($which: String!) { deleteDeployment(deployment: $which) "
        f"{{ ... on Deleted {{ id }} {ERROR} }} }}"
    )
    return Change(document, {"which": str(which)}, "deleteDeployment")


def create_flow_run(wanted: Mapping[str, object], fields: str = FLOW_RUN) -> Operation[Object]:
    """Ask for a run of a deployment.

    Args:
        wanted: the fields of the schema's `CreateFlowRunInput`.
        fields: what the answer is to tell of the run.
    """
    document = (
        "mutation ($input: CreateFlowRunInput!) { createFlowRun(input: $input) "
        f"{{ ... on FlowRun {{ {fields} }} {ERROR} }} }}"
    )
    return Change(document, {"input": dict(wanted)}, "createFlowRun")


def cancel_flow_run(id: UUID | str) -> Operation[Object]:
    """Ask for a flow run to be cancelled."""
    document = (
        f"mutation ($id: ID!) {{ cancelFlowRun(id: $id) "
        f"{{ ... on FlowRun {{ {FLOW_RUN} }} {ERROR} }} }}"
    )
    return Change(document, {"id": str(id)}, "cancelFlowRun")


def suspend_flow_run(id: UUID | str, timeout: float | None) -> Operation[Object]:
    """Let a flow run wait without a process, for so many seconds at most, until it is resumed."""
    document = (
        "mutation ($id: ID!, $timeout: Float) { suspendFlowRun(id: $id, timeoutSeconds: $timeout) "
        f"{{ ... on FlowRun {{ {FLOW_RUN} }} {ERROR} }} }}"
    )
    return Change(document, {"id": str(id), "timeout": timeout}, "suspendFlowRun")


def retry_flow_run(id: UUID | str) -> Operation[Object]:
    """Let a deployment's run that has ended, and not well, be executed once more."""
    document = (
        f"mutation ($id: ID!) {{ retryFlowRun(id: $id) "
        f"{{ ... on FlowRun {{ {FLOW_RUN} }} {ERROR} }} }}"
    )
    return Change(document, {"id": str(id)}, "retryFlowRun")


def delete_flow_run(id: UUID | str) -> Operation[Object]:
    """Forget a flow run with all that it recorded."""
    document = (
        f"mutation ($id: ID!) {{ deleteFlowRun(id: $id) {{ ... on Deleted {{ id }} {ERROR} }} }}"
    )
    return Change(document, {"id": str(id)}, "deleteFlowRun")


def put_bundle(content: bytes, about: Mapping[str, object]) -> Operation[Object]:
    """Keep a flow's code by value; the answer has its `key`."""
    document = (
        "mutation ($content: String!, $about: JSON!) { putBundle(content: $content, about: $about) "
        f"{{ ... on BundleKept {{ key }} {ERROR} }} }}"
    )
    text = base64.b64encode(content).decode()
    return SafeChange(document, {"content": text, "about": dict(about)}, "putBundle")


def bundle(key: str) -> Operation[Object | None]:
    """A bundle: its `content` in base64, and `about`; None when there is none."""
    document = "query ($key: String!) { bundle(key: $key) { key content about } }"
    return Operation(document, {"key": key}, "bundle")


def work_pools(first: int = 200, after: str | None = None) -> Operation[Object]:
    """A page of the work pools, by name: `nodes` and `pageInfo`."""
    document = (
        "query ($first: Int, $after: Cursor) { workPools(first: $first, after: $after) "
        f"{{ nodes {{ {WORK_POOL} }} {PAGE} }} }}"
    )
    return Operation(document, {"first": first, "after": after}, "workPools")


def workers(
    *, pool: str | None = None, first: int = 200, after: str | None = None
) -> Operation[Object]:
    """A page of the workers of a pool, or of all pools, newest first: `nodes` and `pageInfo`."""
    document = (
        "query ($first: Int, $after: Cursor, $filter: WorkerFilter) "
        "{ workers(first: $first, after: $after, filter: $filter) "
        f"{{ nodes {{ {_WORKER} workPoolName }} {PAGE} }} }}"
    )
    where: dict[str, object] = {"inPool": True} if pool is None else {"workPoolNames": [pool]}
    return Operation(document, {"first": first, "after": after, "filter": where}, "workers")


def work_pool(name: str) -> Operation[Object | None]:
    """A work pool by its name; None when there is none."""
    document = f"query ($name: String!) {{ workPool(name: $name) {{ {WORK_POOL} }} }}"
    return Operation(document, {"name": name}, "workPool")


def create_work_pool(
    name: str,
    type: str = "process",
    *,
    description: str | None = None,
    concurrency_limit: int | None = None,
    paused: bool = False,
) -> Operation[Object]:
    """Create a work pool, with its queue `default`."""
    document = (
        "mutation ($name: String!, $type: String!, $description: String, $limit: Int, "
        "$paused: Boolean!) { createWorkPool(name: $name, type: $type, description: $description, "
        f"concurrencyLimit: $limit, paused: $paused) {{ ... on WorkPool {{ {WORK_POOL} }} {ERROR} "
        "} }"
    )
    given: dict[str, object] = {
        "name": name,
        "type": type,
        "description": description,
        "limit": concurrency_limit,
        "paused": paused,
    }
    return Change(document, given, "createWorkPool")


def update_work_pool(
    name: str, *, description: str | None, concurrency_limit: int | None, paused: bool | None
) -> Operation[Object]:
    """Let a pool be as it is asked for; what is None stays."""
    document = (
        "mutation ($name: String!, $description: String, $limit: Int, $paused: Boolean) "
        "{ updateWorkPool(name: $name, description: $description, concurrencyLimit: $limit, "
        f"paused: $paused) {{ ... on WorkPool {{ {WORK_POOL} }} {ERROR} }} }}"
    )
    given: dict[str, object] = {
        "name": name,
        "description": description,
        "limit": concurrency_limit,
        "paused": paused,
    }
    return Change(document, given, "updateWorkPool")


def set_work_pool_paused(name: str, paused: bool) -> Operation[Object]:
    """Let a pool's runs wait, or be taken again."""
    document = (
        "mutation ($name: String!, $paused: Boolean!) "
        "{ setWorkPoolPaused(name: $name, paused: $paused) "
        f"{{ ... on WorkPool {{ {WORK_POOL} }} {ERROR} }} }}"
    )
    return SafeChange(document, {"name": name, "paused": paused}, "setWorkPoolPaused")


def apply_work_queue(
    pool: str,
    name: str,
    *,
    priority: int | None = None,
    paused: bool | None = None,
    concurrency_limit: int | None = None,
) -> Operation[Object]:
    """Let a pool's queue be as it is asked for; it is created if need be. The answer is the pool.

    Args:
        pool, name: the pool's name, and the queue's.
        priority: lower numbers are served first; None leaves it as it is.
        paused: whether its runs are to wait; None leaves that as it is.
        concurrency_limit: how many may be under way at once; None leaves that as it is.
    """
    document = (
        "mutation ($pool: String!, $name: String!, $priority: Int, $paused: Boolean, $limit: Int) "
        "{ applyWorkQueue(pool: $pool, name: $name, priority: $priority, paused: $paused, "
        "concurrencyLimit: $limit) "
        f"{{ ... on WorkPool {{ {WORK_POOL} }} {ERROR} }} }}"
    )
    given: dict[str, object] = {
        "pool": pool,
        "name": name,
        "priority": priority,
        "paused": paused,
        "limit": concurrency_limit,
    }
    return Change(document, given, "applyWorkQueue")


def delete_work_pool(name: str) -> Operation[Object]:
    """Forget a pool to which no deployment belongs."""
    document = (
        "mutation ($name: String!) { deleteWorkPool(name: $name) "
        f"{{ ... on Deleted {{ id }} {ERROR} }} }}"
    )
    return Change(document, {"name": name}, "deleteWorkPool")


def claim_flow_runs(wanted: Mapping[str, object]) -> Operation[Object]:
    """Take runs that are due: `runs`, `cancelling`, `nextDue`.

    Args:
        wanted: the fields of the schema's `ClaimInput`.
    """
    document = (
        "mutation ($input: ClaimInput!) { claimFlowRuns(input: $input) "
        f"{{ ... on Claims {{ runs {{ {_CLAIMED} }} cancelling nextDue }} {ERROR} }} }}"
    )
    return SafeChange(document, {"input": dict(wanted)}, "claimFlowRuns")


def release_worker(worker_id: UUID) -> Operation[Object]:
    """A worker ends: what it has claimed and not begun is given back."""
    document = (
        "mutation ($id: ID!) { releaseWorker(workerId: $id) "
        f"{{ ... on Deleted {{ id }} {ERROR} }} }}"
    )
    return SafeChange(document, {"id": str(worker_id)}, "releaseWorker")


def conclude_flow_run(id: UUID | str, epoch: int, message: str) -> Operation[Object]:
    """The process that executed a run has ended without saying how; the answer has `state`."""
    document = (
        "mutation ($id: ID!, $epoch: Int!, $message: String!) "
        "{ concludeFlowRun(id: $id, epoch: $epoch, message: $message) "
        f"{{ ... on Concluded {{ state isNews }} {ERROR} }} }}"
    )
    given: dict[str, object] = {"id": str(id), "epoch": epoch, "message": message}
    return Change(document, given, "concludeFlowRun")


#: The states that tell a worker that there is something to do.
WAKE = """
subscription ($after: Cursor, $states: [StateType!]) {
  flowRuns(after: $after, filter: {states: $states}) {
    cursor
    events { state { type } }
  }
}
"""
WAKING: Sequence[str] = ("SCHEDULED", "CANCELLING", "CANCELLED", "PAUSED")


def input_of(**fields: Any) -> dict[str, Any]:
    """The fields of an input that are given, in the schema's writing."""
    return {_camel(name): value for name, value in fields.items() if value is not None}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def is_id(which: UUID | str) -> bool:
    """Whether this is an id, and no name."""
    try:
        UUID(str(which))
    except ValueError:
        return False
    return True
