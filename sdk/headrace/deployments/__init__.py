"""Deployments: flows that run by a schedule, when they are asked to, and elsewhere."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.deployments.flow_runs import arun_deployment as arun_deployment
    from headrace.deployments.flow_runs import run_deployment as run_deployment
    from headrace.deployments.runner import deploy as deploy

_HOMES = {"arun_deployment": "flow_runs", "deploy": "runner", "run_deployment": "flow_runs"}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    """What is loaded when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
