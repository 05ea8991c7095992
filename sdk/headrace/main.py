"""What `headrace` itself offers, under the module name that some programs import it by."""

from __future__ import annotations

from headrace import (
    Flow,
    State,
    Task,
    Transaction,
    allow_failure,
    apause_flow_run,
    aresume_flow_run,
    aserve,
    asuspend_flow_run,
    flow,
    get_client,
    get_run_logger,
    pause_flow_run,
    resume_flow_run,
    serve,
    suspend_flow_run,
    tags,
    task,
    unmapped,
)

__all__ = [
    "Flow",
    "State",
    "Task",
    "Transaction",
    "allow_failure",
    "apause_flow_run",
    "aresume_flow_run",
    "aserve",
    "asuspend_flow_run",
    "flow",
    "get_client",
    "get_run_logger",
    "pause_flow_run",
    "resume_flow_run",
    "serve",
    "suspend_flow_run",
    "tags",
    "task",
    "unmapped",
]
