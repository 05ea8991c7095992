"""What clients send and are answered, as objects."""

from __future__ import annotations

from headrace.client.schemas.actions import StateCreate
from headrace.client.schemas.objects import (
    BlockDocument,
    BlockType,
    FlowRun,
    FlowRunResult,
    State,
    StateDetails,
    StateType,
    TaskRun,
    TaskRunResult,
)
from headrace.client.schemas.responses import (
    OrchestrationResult,
    SetStateStatus,
    StateAbortDetails,
    StateAcceptDetails,
    StateRejectDetails,
)

__all__ = [
    "BlockDocument",
    "BlockType",
    "FlowRun",
    "FlowRunResult",
    "OrchestrationResult",
    "SetStateStatus",
    "State",
    "StateAbortDetails",
    "StateAcceptDetails",
    "StateCreate",
    "StateDetails",
    "StateRejectDetails",
    "StateType",
    "TaskRun",
    "TaskRunResult",
]
