"""Deployments: flows that run by a schedule, when they are asked to, and elsewhere."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.client.schemas.objects import FlowControl as FlowControl
    from headrace.deployments.flow_runs import arun_deployment as arun_deployment
    from headrace.deployments.flow_runs import run_deployment as run_deployment
    from headrace.deployments.runner import deploy as deploy

_HOMES = {
    "FlowControl": "headrace.client.schemas.objects",
    "arun_deployment": "headrace.deployments.flow_runs",
    "deploy": "headrace.deployments.runner",
    "run_deployment": "headrace.deployments.flow_runs",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    """What is loaded when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
