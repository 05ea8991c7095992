"""Clients under the names, and with the methods, that Prefect's users know.

    async with get_client() as client:
        runs = await client.read_flow_runs(limit=5)

They are the clients of `headrace.client` with more methods. Each method waits first until what this
program has recorded itself is in the ledger.
"""

from __future__ import annotations

from typing import Any, Literal, NoReturn, overload

from headrace.client import operations
from headrace.client.clients import ANSWER_TIMEOUT, AsyncClient, Client
from headrace.client.orchestration import (
    automations,
    deployments,
    flows,
    limits,
    logs,
    objects,
    runs,
    task_runs,
    work_pools,
)
from headrace.client.orchestration.asking import Asking, awaiting, done, waiting


def _hello() -> Asking[Any]:
    """Say hello; a response of status 200."""
    yield operations.server_info()
    return done(200, "👋")


def _api_healthcheck() -> Asking[Exception | None]:
    """What is wrong with the service or the ledger; None when nothing is."""
    try:
        yield operations.server_info()
    except Exception as error:
        return error
    return None


def _api_version() -> Asking[str]:
    """The service's version."""
    info = yield operations.server_info()
    version: str = info["version"]
    return version


class HeadraceClient(AsyncClient):
    """The asynchronous client; its methods are those of the modules beside this one."""

    hello = awaiting(_hello)
    api_healthcheck = awaiting(_api_healthcheck)
    api_version = awaiting(_api_version)

    read_flow = awaiting(flows.read_flow)
    read_flow_by_name = awaiting(flows.read_flow_by_name)
    read_flows = awaiting(flows.read_flows)
    create_flow = awaiting(flows.create_flow)
    create_flow_from_name = awaiting(flows.create_flow_from_name)
    delete_flow = awaiting(flows.delete_flow)

    read_flow_run = awaiting(runs.read_flow_run)
    read_flow_runs = awaiting(runs.read_flow_runs)
    count_flow_runs = awaiting(runs.count_flow_runs)
    read_flow_run_states = awaiting(runs.read_flow_run_states)
    create_flow_run = awaiting(runs.create_flow_run)
    create_flow_run_from_deployment = awaiting(runs.create_flow_run_from_deployment)
    update_flow_run = awaiting(runs.update_flow_run)
    set_flow_run_name = awaiting(runs.set_flow_run_name)
    delete_flow_run = awaiting(runs.delete_flow_run)
    set_flow_run_state = awaiting(runs.set_flow_run_state)
    read_task_run = awaiting(task_runs.read_task_run)
    read_task_runs = awaiting(task_runs.read_task_runs)
    read_task_run_states = awaiting(task_runs.read_task_run_states)
    create_task_run = awaiting(task_runs.create_task_run)
    set_task_run_state = awaiting(task_runs.set_task_run_state)

    create_logs = awaiting(logs.create_logs)
    read_logs = awaiting(logs.read_logs)

    read_deployment = awaiting(deployments.read_deployment)
    read_deployment_by_name = awaiting(deployments.read_deployment_by_name)
    read_deployments = awaiting(deployments.read_deployments)
    create_deployment = awaiting(deployments.create_deployment)
    update_deployment = awaiting(deployments.update_deployment)
    delete_deployment = awaiting(deployments.delete_deployment)
    pause_deployment = awaiting(deployments.pause_deployment)
    resume_deployment = awaiting(deployments.resume_deployment)
    set_deployment_paused_state = awaiting(deployments.set_deployment_paused_state)
    create_deployment_schedules = awaiting(deployments.create_deployment_schedules)
    read_deployment_schedules = awaiting(deployments.read_deployment_schedules)
    update_deployment_schedule = awaiting(deployments.update_deployment_schedule)
    delete_deployment_schedule = awaiting(deployments.delete_deployment_schedule)

    create_global_concurrency_limit = awaiting(limits.create_global_concurrency_limit)
    read_global_concurrency_limit_by_name = awaiting(limits.read_global_concurrency_limit_by_name)
    read_global_concurrency_limits = awaiting(limits.read_global_concurrency_limits)
    update_global_concurrency_limit = awaiting(limits.update_global_concurrency_limit)
    upsert_global_concurrency_limit_by_name = awaiting(
        limits.upsert_global_concurrency_limit_by_name
    )
    delete_global_concurrency_limit_by_name = awaiting(
        limits.delete_global_concurrency_limit_by_name
    )

    create_concurrency_limit = awaiting(limits.create_concurrency_limit)
    read_concurrency_limit_by_tag = awaiting(limits.read_concurrency_limit_by_tag)
    read_concurrency_limits = awaiting(limits.read_concurrency_limits)
    reset_concurrency_limit_by_tag = awaiting(limits.reset_concurrency_limit_by_tag)
    delete_concurrency_limit_by_tag = awaiting(limits.delete_concurrency_limit_by_tag)

    create_work_pool = awaiting(work_pools.create_work_pool)
    read_work_pool = awaiting(work_pools.read_work_pool)
    read_work_pools = awaiting(work_pools.read_work_pools)
    delete_work_pool = awaiting(work_pools.delete_work_pool)
    update_work_pool = awaiting(work_pools.update_work_pool)
    read_workers_for_work_pool = awaiting(work_pools.read_workers_for_work_pool)
    create_work_queue = awaiting(work_pools.create_work_queue)
    read_work_queue = awaiting(work_pools.read_work_queue)
    read_work_queue_by_name = awaiting(work_pools.read_work_queue_by_name)
    read_work_queues = awaiting(work_pools.read_work_queues)
    match_work_queues = awaiting(work_pools.match_work_queues)
    update_work_queue = awaiting(work_pools.update_work_queue)

    create_variable = awaiting(objects.create_variable)
    read_variable_by_name = awaiting(objects.read_variable_by_name)
    read_variables = awaiting(objects.read_variables)
    update_variable = awaiting(objects.update_variable)
    delete_variable_by_name = awaiting(objects.delete_variable_by_name)
    create_artifact = awaiting(objects.create_artifact)
    update_artifact = awaiting(objects.update_artifact)
    read_artifacts = awaiting(objects.read_artifacts)
    read_latest_artifacts = awaiting(objects.read_latest_artifacts)
    delete_artifact = awaiting(objects.delete_artifact)
    read_block_document = awaiting(objects.read_block_document)
    read_block_document_by_name = awaiting(objects.read_block_document_by_name)
    read_block_documents = awaiting(objects.read_block_documents)
    read_block_documents_by_type = awaiting(objects.read_block_documents_by_type)
    delete_block_document = awaiting(objects.delete_block_document)
    read_block_types = awaiting(objects.read_block_types)
    read_block_type_by_slug = awaiting(objects.read_block_type_by_slug)

    create_automation = awaiting(automations.create_automation)
    update_automation = awaiting(automations.update_automation)
    read_automations = awaiting(automations.read_automations)
    find_automation = awaiting(automations.find_automation)
    read_automation = awaiting(automations.read_automation)
    read_automations_by_name = awaiting(automations.read_automations_by_name)
    pause_automation = awaiting(automations.pause_automation)
    resume_automation = awaiting(automations.resume_automation)
    delete_automation = awaiting(automations.delete_automation)
    read_resource_related_automations = awaiting(automations.read_resource_related_automations)
    delete_resource_owned_automations = awaiting(automations.delete_resource_owned_automations)

    def __enter__(self) -> NoReturn:
        raise RuntimeError(
            "The `HeadraceClient` must be entered with an async context. Use 'async with "
            "HeadraceClient(...)' not 'with HeadraceClient(...)'"
        )

    def __exit__(self, *_: object) -> NoReturn:
        raise RuntimeError("it was never entered")


class SyncHeadraceClient(Client):
    """The synchronous client; its methods are those of the modules beside this one."""

    hello = waiting(_hello)
    api_healthcheck = waiting(_api_healthcheck)
    api_version = waiting(_api_version)

    read_flow = waiting(flows.read_flow)
    read_flow_by_name = waiting(flows.read_flow_by_name)
    read_flows = waiting(flows.read_flows)
    create_flow = waiting(flows.create_flow)
    create_flow_from_name = waiting(flows.create_flow_from_name)
    delete_flow = waiting(flows.delete_flow)

    read_flow_run = waiting(runs.read_flow_run)
    read_flow_runs = waiting(runs.read_flow_runs)
    count_flow_runs = waiting(runs.count_flow_runs)
    read_flow_run_states = waiting(runs.read_flow_run_states)
    create_flow_run = waiting(runs.create_flow_run)
    create_flow_run_from_deployment = waiting(runs.create_flow_run_from_deployment)
    update_flow_run = waiting(runs.update_flow_run)
    set_flow_run_name = waiting(runs.set_flow_run_name)
    delete_flow_run = waiting(runs.delete_flow_run)
    set_flow_run_state = waiting(runs.set_flow_run_state)
    read_task_run = waiting(task_runs.read_task_run)
    read_task_runs = waiting(task_runs.read_task_runs)
    read_task_run_states = waiting(task_runs.read_task_run_states)
    create_task_run = waiting(task_runs.create_task_run)
    set_task_run_state = waiting(task_runs.set_task_run_state)

    create_logs = waiting(logs.create_logs)
    read_logs = waiting(logs.read_logs)

    read_deployment = waiting(deployments.read_deployment)
    read_deployment_by_name = waiting(deployments.read_deployment_by_name)
    read_deployments = waiting(deployments.read_deployments)
    create_deployment = waiting(deployments.create_deployment)
    update_deployment = waiting(deployments.update_deployment)
    delete_deployment = waiting(deployments.delete_deployment)
    pause_deployment = waiting(deployments.pause_deployment)
    resume_deployment = waiting(deployments.resume_deployment)
    set_deployment_paused_state = waiting(deployments.set_deployment_paused_state)
    create_deployment_schedules = waiting(deployments.create_deployment_schedules)
    read_deployment_schedules = waiting(deployments.read_deployment_schedules)
    update_deployment_schedule = waiting(deployments.update_deployment_schedule)
    delete_deployment_schedule = waiting(deployments.delete_deployment_schedule)

    create_global_concurrency_limit = waiting(limits.create_global_concurrency_limit)
    read_global_concurrency_limit_by_name = waiting(limits.read_global_concurrency_limit_by_name)
    read_global_concurrency_limits = waiting(limits.read_global_concurrency_limits)
    update_global_concurrency_limit = waiting(limits.update_global_concurrency_limit)
    upsert_global_concurrency_limit_by_name = waiting(
        limits.upsert_global_concurrency_limit_by_name
    )
    delete_global_concurrency_limit_by_name = waiting(
        limits.delete_global_concurrency_limit_by_name
    )

    create_concurrency_limit = waiting(limits.create_concurrency_limit)
    read_concurrency_limit_by_tag = waiting(limits.read_concurrency_limit_by_tag)
    read_concurrency_limits = waiting(limits.read_concurrency_limits)
    reset_concurrency_limit_by_tag = waiting(limits.reset_concurrency_limit_by_tag)
    delete_concurrency_limit_by_tag = waiting(limits.delete_concurrency_limit_by_tag)

    create_work_pool = waiting(work_pools.create_work_pool)
    read_work_pool = waiting(work_pools.read_work_pool)
    read_work_pools = waiting(work_pools.read_work_pools)
    delete_work_pool = waiting(work_pools.delete_work_pool)
    update_work_pool = waiting(work_pools.update_work_pool)
    read_workers_for_work_pool = waiting(work_pools.read_workers_for_work_pool)
    create_work_queue = waiting(work_pools.create_work_queue)
    read_work_queue = waiting(work_pools.read_work_queue)
    read_work_queue_by_name = waiting(work_pools.read_work_queue_by_name)
    read_work_queues = waiting(work_pools.read_work_queues)
    match_work_queues = waiting(work_pools.match_work_queues)
    update_work_queue = waiting(work_pools.update_work_queue)

    create_variable = waiting(objects.create_variable)
    read_variable_by_name = waiting(objects.read_variable_by_name)
    read_variables = waiting(objects.read_variables)
    update_variable = waiting(objects.update_variable)
    delete_variable_by_name = waiting(objects.delete_variable_by_name)
    create_artifact = waiting(objects.create_artifact)
    update_artifact = waiting(objects.update_artifact)
    read_artifacts = waiting(objects.read_artifacts)
    read_latest_artifacts = waiting(objects.read_latest_artifacts)
    delete_artifact = waiting(objects.delete_artifact)
    read_block_document = waiting(objects.read_block_document)
    read_block_document_by_name = waiting(objects.read_block_document_by_name)
    read_block_documents = waiting(objects.read_block_documents)
    read_block_documents_by_type = waiting(objects.read_block_documents_by_type)
    delete_block_document = waiting(objects.delete_block_document)
    read_block_types = waiting(objects.read_block_types)
    read_block_type_by_slug = waiting(objects.read_block_type_by_slug)

    create_automation = waiting(automations.create_automation)
    update_automation = waiting(automations.update_automation)
    read_automations = waiting(automations.read_automations)
    find_automation = waiting(automations.find_automation)
    read_automation = waiting(automations.read_automation)
    read_automations_by_name = waiting(automations.read_automations_by_name)
    pause_automation = waiting(automations.pause_automation)
    resume_automation = waiting(automations.resume_automation)
    delete_automation = waiting(automations.delete_automation)
    read_resource_related_automations = waiting(automations.read_resource_related_automations)
    delete_resource_owned_automations = waiting(automations.delete_resource_owned_automations)


@overload
def get_client(
    httpx_settings: dict[str, Any] | None = None, sync_client: Literal[False] = False
) -> HeadraceClient: ...


@overload
def get_client(
    httpx_settings: dict[str, Any] | None = None, *, sync_client: Literal[True]
) -> SyncHeadraceClient: ...


def get_client(
    httpx_settings: dict[str, Any] | None = None, sync_client: bool = False
) -> HeadraceClient | SyncHeadraceClient:
    """A client for what the settings name.

    Args:
        httpx_settings: its `timeout`, in seconds, says how long the service may take to answer;
            the rest has no effect.
        sync_client: whether it is to be the synchronous client.
    """
    given = (httpx_settings or {}).get("timeout")
    timeout = float(given) if isinstance(given, int | float) else ANSWER_TIMEOUT
    return SyncHeadraceClient(timeout=timeout) if sync_client else HeadraceClient(timeout=timeout)
