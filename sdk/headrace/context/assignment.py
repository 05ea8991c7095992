"""The run that a process was given to execute."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from headrace.records import StateType


class Assignment:
    """A run of a deployment that this process was given to execute.

    Attributes:
        flow_run_id, name: the run, which exists already.
        epoch: the number of the claim under which it was given.
        run_count: the number of the attempt it is at; above 0 when it goes on after a suspension.
        deployment_id, deployment_name, deployment_version: its deployment.
        deployment_parameters: the arguments that it was given, the deployment's own among them.
        wanted_state: asks for the type of the state that the ledger has the run in: CANCELLING, if
            somebody wants it cancelled, or PAUSED, if somebody has suspended it.
        suspended: set when somebody else has suspended the run, and this process has heard of it.
        superseded: set when the process was silent for its lease and the run is somebody else's.
    """

    __slots__ = (
        "deployment_id",
        "deployment_name",
        "deployment_parameters",
        "deployment_version",
        "epoch",
        "flow_run_id",
        "name",
        "run_count",
        "superseded",
        "suspended",
        "wanted_state",
    )

    def __init__(
        self,
        flow_run_id: UUID,
        name: str,
        epoch: int,
        run_count: int,
        deployment_id: UUID,
        deployment_name: str,
        deployment_version: str | None,
        deployment_parameters: dict[str, Any],
        wanted_state: Callable[[], StateType | None],
    ) -> None:
        self.flow_run_id = flow_run_id
        self.name = name
        self.epoch = epoch
        self.run_count = run_count
        self.deployment_id = deployment_id
        self.deployment_name = deployment_name
        self.deployment_version = deployment_version
        self.deployment_parameters = deployment_parameters
        self.wanted_state = wanted_state
        self.suspended = False
        self.superseded = False


#: What the next outermost flow run of this process is to be; it takes it.
ASSIGNMENT: ContextVar[Assignment | None] = ContextVar("headrace_assignment", default=None)
