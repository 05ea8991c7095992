"""The deployment that the code's flow run, or the outermost one around it, is a run of.

id, name, version: the deployment's; None in a run of no deployment.
flow_run_id: the id of the flow run that the code is in.
parameters: what that run was given, as it was given.
"""

from __future__ import annotations

from typing import Any

from headrace.context import Assignment, LiveFlowRun
from headrace.runtime.fields import Fields, read_field


def _assignment() -> Assignment | None:
    run = LiveFlowRun.get()
    return None if run is None else run.root.assignment


def _id() -> str | None:
    assignment = _assignment()
    return None if assignment is None else str(assignment.deployment_id)


def _name() -> str | None:
    assignment = _assignment()
    return None if assignment is None else assignment.deployment_name


def _version() -> str | None:
    assignment = _assignment()
    return None if assignment is None else assignment.deployment_version


def _flow_run_id() -> str | None:
    run = LiveFlowRun.get()
    return None if run is None else str(run.id)


def _parameters() -> dict[str, Any]:
    run = LiveFlowRun.get()
    if run is None:
        return {}
    assignment = run.root.assignment
    return run.passed if assignment is None else assignment.deployment_parameters


_FIELDS: Fields = {
    "id": _id,
    "flow_run_id": _flow_run_id,
    "name": _name,
    "parameters": _parameters,
    "version": _version,
}


__all__ = [*_FIELDS]


def __getattr__(name: str) -> Any:
    return read_field(__name__, _FIELDS, name)


def __dir__() -> list[str]:
    return sorted(_FIELDS)
