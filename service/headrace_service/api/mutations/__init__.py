"""What can be changed: one module for each domain, put together here."""

from __future__ import annotations

import strawberry

from headrace_service.api.mutations.answers import TypedRefusals
from headrace_service.api.mutations.api_tokens import ApiTokenMutations
from headrace_service.api.mutations.artifacts import ArtifactMutations
from headrace_service.api.mutations.automations import AutomationMutations
from headrace_service.api.mutations.background import BackgroundMutations
from headrace_service.api.mutations.blocks import BlockMutations
from headrace_service.api.mutations.concurrency_limits import ConcurrencyLimitMutations
from headrace_service.api.mutations.deployments import DeploymentMutations
from headrace_service.api.mutations.flows import FlowMutations
from headrace_service.api.mutations.inputs import InputMutations
from headrace_service.api.mutations.record import RecordMutations
from headrace_service.api.mutations.runs import RunMutations
from headrace_service.api.mutations.schedules import ScheduleMutations
from headrace_service.api.mutations.slot_exchange import SlotExchangeMutations
from headrace_service.api.mutations.slots import SlotMutations
from headrace_service.api.mutations.steering import SteeringMutations
from headrace_service.api.mutations.variables import VariableMutations
from headrace_service.api.mutations.work import WorkMutations


@strawberry.type(description="What can be changed.")
class Mutation(
    RecordMutations,
    FlowMutations,
    RunMutations,
    SteeringMutations,
    InputMutations,
    VariableMutations,
    ArtifactMutations,
    BlockMutations,
    DeploymentMutations,
    ScheduleMutations,
    WorkMutations,
    BackgroundMutations,
    AutomationMutations,
    ConcurrencyLimitMutations,
    SlotMutations,
    SlotExchangeMutations,
    ApiTokenMutations,
):
    """The root of mutations."""


for _field in Mutation.__strawberry_definition__.fields:  # type: ignore[attr-defined]
    _field.extensions = [*_field.extensions, TypedRefusals()]
