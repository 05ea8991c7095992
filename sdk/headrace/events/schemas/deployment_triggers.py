"""Triggers of deployments: each tells of its automation, and of the run that it asks for."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, ClassVar

import pydantic

from headrace.events.actions import Delay
from headrace.events.schemas.automations import (
    CompoundTrigger,
    EventTrigger,
    MetricTrigger,
    SequenceTrigger,
    Trigger,
    trigger_discriminator,
)


class BaseDeploymentTrigger(pydantic.BaseModel):
    """What triggers of deployments have besides.

    Attributes:
        name: the automation's name.
        description: what the automation is for.
        enabled: whether it acts.
        parameters: the run's arguments, which may hold templates such as `{{ event.id }}`.
        job_variables: what the run tells the worker besides.
        schedule_after: how long the run waits before it is due.
    """

    name: str | None = None
    description: str = ""
    enabled: bool = True
    parameters: dict[str, Any] | None = None
    job_variables: dict[str, Any] | None = None
    schedule_after: Delay = timedelta(0)


class DeploymentEventTrigger(BaseDeploymentTrigger, EventTrigger):
    """Runs a deployment when events happen, or when they do not; see `EventTrigger`."""

    trigger_type: ClassVar[type[Trigger]] = EventTrigger


class DeploymentMetricTrigger(BaseDeploymentTrigger, MetricTrigger):
    """Would run a deployment by what is measured; see `MetricTrigger`."""

    trigger_type: ClassVar[type[Trigger]] = MetricTrigger


class DeploymentCompoundTrigger(BaseDeploymentTrigger, CompoundTrigger):
    """Runs a deployment when so many triggers have fired; see `CompoundTrigger`."""

    trigger_type: ClassVar[type[Trigger]] = CompoundTrigger


class DeploymentSequenceTrigger(BaseDeploymentTrigger, SequenceTrigger):
    """Runs a deployment when triggers have fired one after the other; see `SequenceTrigger`."""

    trigger_type: ClassVar[type[Trigger]] = SequenceTrigger


DeploymentTriggerTypes = Annotated[
    Annotated[DeploymentEventTrigger, pydantic.Tag("event")]
    | Annotated[DeploymentMetricTrigger, pydantic.Tag("metric")]
    | Annotated[DeploymentCompoundTrigger, pydantic.Tag("compound")]
    | Annotated[DeploymentSequenceTrigger, pydantic.Tag("sequence")],
    pydantic.Discriminator(trigger_discriminator),
]
