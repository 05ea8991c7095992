"""What clients are told: what became of a change of state, and things as they are read."""

from __future__ import annotations

from enum import auto
from typing import Any, Literal

from headrace.client.schemas.bases import Model, Names
from headrace.client.schemas.objects import Deployment, GlobalConcurrencyLimit
from headrace.states import State


class SetStateStatus(Names):
    """Whether a run entered the state."""

    ACCEPT = auto()
    REJECT = auto()
    ABORT = auto()
    WAIT = auto()


class StateAcceptDetails(Model):
    """It did."""

    type: Literal["accept_details"] = "accept_details"


class StateAbortDetails(Model):
    """It may not enter any other state now, for this reason."""

    type: Literal["abort_details"] = "abort_details"
    reason: str | None = None


class StateRejectDetails(Model):
    """It is in another state, for this reason."""

    type: Literal["reject_details"] = "reject_details"
    reason: str | None = None


class StateWaitDetails(Model):
    """It may, but not before so many seconds, for this reason."""

    type: Literal["wait_details"] = "wait_details"
    delay_seconds: int
    reason: str | None = None


class DeploymentResponse(Deployment):
    """A deployment as it was read."""


class GlobalConcurrencyLimitResponse(GlobalConcurrencyLimit):
    """A concurrency limit as it was read."""


class OrchestrationResult(Model):
    """What became of a change of state; `state` is the one that the run is in now."""

    state: State[Any] | None
    status: SetStateStatus
    details: StateAcceptDetails | StateWaitDetails | StateRejectDetails | StateAbortDetails
