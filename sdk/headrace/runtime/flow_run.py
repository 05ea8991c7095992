"""The flow run that the code is in; in a task's code, the flow run that the task belongs to.

id, name: its id as text, and its name.
flow_name, flow_version: of the flow.
parameters: its arguments by name, defaults included.
tags: the words to find it by.
run_count: the number of the current attempt.
scheduled_start_time: when it was to start; outside of flow runs, now.
parent_flow_run_id, root_flow_run_id: the ids of the flow run that called it, and of the outermost.
parent_deployment_id: the id of the deployment that the parent is a run of.
job_variables: empty, as a run is told nothing about where it runs; outside of flow runs, None.
api_url, ui_url: where to find it at the service; None without one.
"""

from __future__ import annotations

import datetime
import os
from typing import Any

from headrace.context import LiveFlowRun
from headrace.runtime.fields import Fields, first_address, read_field


def _id() -> str | None:
    run = LiveFlowRun.get()
    return os.environ.get("HEADRACE__FLOW_RUN_ID") if run is None else str(run.id)


def _name() -> str | None:
    run = LiveFlowRun.get()
    return None if run is None else run.name


def _flow_name() -> str | None:
    run = LiveFlowRun.get()
    return None if run is None else run.flow.name


def _flow_version() -> str | None:
    run = LiveFlowRun.get()
    return None if run is None else run.flow.version


def _parameters() -> dict[str, Any]:
    run = LiveFlowRun.get()
    return {} if run is None else run.arguments


def _tags() -> list[str]:
    run = LiveFlowRun.get()
    return [] if run is None else run.tags


def _run_count() -> int:
    run = LiveFlowRun.get()
    return 0 if run is None else run.run_count


def _scheduled_start_time() -> datetime.datetime:
    run = LiveFlowRun.get()
    return datetime.datetime.now(datetime.UTC) if run is None else run.expected_start_time


def _parent_flow_run_id() -> str | None:
    run = LiveFlowRun.get()
    return None if run is None or run.parent is None else str(run.parent.id)


def _parent_deployment_id() -> str | None:
    run = LiveFlowRun.get()
    parent = None if run is None else run.parent
    return None if parent is None or parent.deployment_id is None else str(parent.deployment_id)


def _root_flow_run_id() -> str | None:
    run = LiveFlowRun.get()
    return _id() if run is None else str(run.root.id)


def _job_variables() -> dict[str, Any] | None:
    return None if LiveFlowRun.get() is None else {}


def _api_url() -> str | None:
    root, run_id = first_address(), _id()
    return None if root is None or run_id is None else f"{root}/flow-runs/flow-run/{run_id}"


_FIELDS: Fields = {
    "id": _id,
    "tags": _tags,
    "scheduled_start_time": _scheduled_start_time,
    "name": _name,
    "flow_name": _flow_name,
    "flow_version": _flow_version,
    "parameters": _parameters,
    "parent_flow_run_id": _parent_flow_run_id,
    "parent_deployment_id": _parent_deployment_id,
    "root_flow_run_id": _root_flow_run_id,
    "run_count": _run_count,
    "api_url": _api_url,
    "ui_url": lambda: None,
    "job_variables": _job_variables,
}


__all__ = [*_FIELDS]


def __getattr__(name: str) -> Any:
    return read_field(__name__, _FIELDS, name)


def __dir__() -> list[str]:
    return sorted(_FIELDS)
