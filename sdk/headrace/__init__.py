"""headrace: Python workflows with retries, caching, subflows and a live record of it all.

    from headrace import flow, task

    @task(retries=3)
    def fetch(url: str) -> bytes: ...

    @flow
    def pipeline(url: str) -> bytes:
        return fetch(url)

What is named here is loaded when it is first asked for, so that importing costs little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from headrace.client import Client as Client
    from headrace.client.orchestration import get_client as get_client
    from headrace.context import tags as tags
    from headrace.deployments.runner import deploy as deploy
    from headrace.flow_runs import apause_flow_run as apause_flow_run
    from headrace.flow_runs import aresume_flow_run as aresume_flow_run
    from headrace.flow_runs import asuspend_flow_run as asuspend_flow_run
    from headrace.flow_runs import pause_flow_run as pause_flow_run
    from headrace.flow_runs import resume_flow_run as resume_flow_run
    from headrace.flow_runs import suspend_flow_run as suspend_flow_run
    from headrace.flows import Flow as Flow
    from headrace.flows import flow as flow
    from headrace.futures import HeadraceFuture as HeadraceFuture
    from headrace.logging import get_run_logger as get_run_logger
    from headrace.serving import aserve as aserve
    from headrace.serving import serve as serve
    from headrace.states import State as State
    from headrace.tasks import Task as Task
    from headrace.tasks import task as task
    from headrace.transactions import Transaction as Transaction
    from headrace.utilities.annotations import allow_failure as allow_failure
    from headrace.utilities.annotations import unmapped as unmapped

_HOMES = {
    "Client": "client",
    "Flow": "flows",
    "HeadraceFuture": "futures",
    "State": "states",
    "Task": "tasks",
    "Transaction": "transactions",
    "allow_failure": "utilities.annotations",
    "flow": "flows",
    "get_client": "client.orchestration",
    "get_run_logger": "logging",
    "apause_flow_run": "flow_runs",
    "aresume_flow_run": "flow_runs",
    "aserve": "serving",
    "asuspend_flow_run": "flow_runs",
    "deploy": "deployments.runner",
    "pause_flow_run": "flow_runs",
    "resume_flow_run": "flow_runs",
    "serve": "serving",
    "suspend_flow_run": "flow_runs",
    "tags": "context",
    "task": "tasks",
    "unmapped": "utilities.annotations",
}

#: Modules that are there without having been imported.
_MODULES = ("context", "runtime")

__all__ = [*_HOMES]


def __getattr__(name: str) -> object:
    import importlib

    home = _HOMES.get(name)
    if name in _MODULES:
        return importlib.import_module(f"headrace.{name}")
    if home is None:
        raise AttributeError(f"module headrace has no attribute {name}")
    value: object = getattr(importlib.import_module(f"headrace.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
