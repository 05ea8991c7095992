"""Automations: what is to be done once events have, or have not, happened."""

from __future__ import annotations

import abc
import enum
import textwrap
from datetime import timedelta
from typing import Annotated, Any, Literal, Self, cast
from uuid import UUID

import pydantic

from headrace.events.actions import ActionTypes, ActionTypesOrUnknown, RunDeployment
from headrace.events.schemas.events import ResourceSpecification

#: What a trigger that waits for the absence of events waits for at least.
SHORTEST = timedelta(seconds=10)
#: What a metric is looked at over at least.
SHORTEST_RANGE = timedelta(seconds=300)


#: Labels by name, each with the values that will do: a `ResourceSpecification` as a mapping.
Wanted = dict[str, str | list[str]]
_duration: pydantic.TypeAdapter[timedelta] = pydantic.TypeAdapter(timedelta)


class Posture(str, enum.Enum):  # noqa: UP042  # prints as Prefect's
    """What a trigger waits for: that events happen, that they do not, or a metric."""

    Reactive = "Reactive"
    Proactive = "Proactive"
    Metric = "Metric"

    def __repr__(self) -> str:
        return str(self)


class Trigger(pydantic.BaseModel, abc.ABC):
    """The root of triggers.

    Any of them may stand among the `triggers` of a deployment: it then runs the deployment.
    """

    model_config = pydantic.ConfigDict(extra="ignore", ser_json_timedelta="float")

    type: str

    _deployment_id: UUID | None = pydantic.PrivateAttr(default=None)

    @abc.abstractmethod
    def describe_for_cli(self, indent: int = 0) -> str:
        """What it waits for, for people."""

    def set_deployment_id(self, deployment_id: UUID) -> None:
        """Tell it which deployment it belongs to."""
        self._deployment_id = deployment_id

    def owner_resource(self) -> str | None:
        """The resource that its automation belongs to."""
        return f"headrace.deployment.{self._deployment_id}"

    def actions(self) -> list[ActionTypes]:
        """What is done when it fires: its deployment is run."""
        return [
            RunDeployment(
                deployment_id=self._deployment_id,
                parameters=getattr(self, "parameters", None),
                job_variables=getattr(self, "job_variables", None),
                schedule_after=getattr(self, "schedule_after", timedelta(0)),
            )
        ]

    def as_automation(self) -> AutomationCore:
        """The automation that runs its deployment when it fires."""
        trigger: Any = self
        if hasattr(self, "trigger_type"):  # one that tells of its automation, too
            trigger = self.trigger_type(**self.model_dump())
        name = getattr(self, "name", None)
        return AutomationCore(
            name=name or f"Automation for deployment {self._deployment_id}",
            description=getattr(self, "description", ""),
            enabled=getattr(self, "enabled", True),
            trigger=trigger,
            actions=cast(Any, self.actions()),
            owner_resource=self.owner_resource(),
        )


class ResourceTrigger(Trigger, abc.ABC):
    """A trigger that looks at resources.

    Attributes:
        match: labels that the resource has.
        match_related: labels that one of the related resources has; of several such, each.
    """

    match: ResourceSpecification | Wanted = pydantic.Field(
        default_factory=lambda: ResourceSpecification({})
    )
    match_related: ResourceSpecification | Wanted | list[ResourceSpecification | Wanted] = (
        pydantic.Field(default_factory=lambda: ResourceSpecification({}))
    )

    @pydantic.field_validator("match", "match_related", mode="before")
    @classmethod
    def _as_specification(cls, given: Any) -> Any:
        if isinstance(given, list):
            return [cls._as_specification(one) for one in given]
        return ResourceSpecification.model_validate(given) if isinstance(given, dict) else given


class EventTrigger(ResourceTrigger):
    """Fires when events happen, or when they do not.

    Attributes:
        after: names of events, one of which has to happen first.
        expect: names of the events that count; none is any. A name may end with `*`.
        for_each: labels by whose values it counts apart; `related:ROLE:LABEL` is one of the
            related resource that has that role.
        posture: whether it fires by their presence or by their absence.
        threshold: how many events.
        within: within what time; 0 is any.
    """

    type: Literal["event"] = "event"
    after: set[str] = pydantic.Field(default_factory=set)
    expect: set[str] = pydantic.Field(default_factory=set)
    for_each: set[str] = pydantic.Field(default_factory=set)
    posture: Literal[Posture.Reactive, Posture.Proactive] = Posture.Reactive
    threshold: int = 1
    within: Annotated[timedelta, pydantic.Field(ge=timedelta(0))] = timedelta(0)

    @pydantic.model_validator(mode="before")
    @classmethod
    def _waits_long_enough(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        if "within" in data and data["within"] is None:
            raise ValueError("`within` should be a valid timedelta")
        try:
            within = _duration.validate_python(data.get("within", timedelta(0)))
        except pydantic.ValidationError:
            return data  # the field itself tells
        if data.get("posture") != Posture.Proactive:
            return {**data, "within": within}
        if not within:
            within = SHORTEST
        if within < SHORTEST:
            raise ValueError(
                "`within` for Proactive triggers must be greater than or equal to 10 seconds"
            )
        return {**data, "within": within}

    def describe_for_cli(self, indent: int = 0) -> str:
        """What it waits for, for people."""
        if self.posture is Posture.Reactive:
            told = f"Reactive: expecting {self.threshold} of {self.expect}"
        else:
            told = f"Proactive: expecting {self.threshold} {self.expect} event within {self.within}"
        return textwrap.indent(told, "  " * indent)


class MetricTriggerOperator(enum.Enum):
    """How a metric is compared."""

    LT = "<"
    LTE = "<="
    GT = ">"
    GTE = ">="


class HeadraceMetric(enum.Enum):
    """What is measured."""

    lateness = "lateness"
    duration = "duration"
    successes = "successes"


class MetricTriggerQuery(pydantic.BaseModel):
    """What is measured over which time, and compared with what."""

    model_config = pydantic.ConfigDict(ser_json_timedelta="float")

    name: Annotated[HeadraceMetric | str, pydantic.Field(union_mode="left_to_right")]
    threshold: float
    operator: MetricTriggerOperator
    range: timedelta = SHORTEST_RANGE
    firing_for: timedelta = SHORTEST_RANGE

    @pydantic.field_validator("range", "firing_for")
    @classmethod
    def _is_long_enough(cls, value: timedelta) -> timedelta:
        if value < SHORTEST_RANGE:
            raise ValueError("The minimum range is 300 seconds (5 minutes)")
        return value


class MetricTrigger(ResourceTrigger):
    """Fires by what is measured; a ledger refuses automations with such a trigger."""

    type: Literal["metric"] = "metric"
    posture: Literal[Posture.Metric] = Posture.Metric
    metric: MetricTriggerQuery

    def describe_for_cli(self, indent: int = 0) -> str:
        """What it waits for, for people."""
        one = self.metric
        name = one.name.value if isinstance(one.name, HeadraceMetric) else one.name
        told = f"Metric: {name} {one.operator.value} {one.threshold} for {one.range}"
        return textwrap.indent(told, "  " * indent)


class CompositeTrigger(Trigger, abc.ABC):
    """A trigger that is made of others, which fire `within` a time; None is any."""

    type: Literal["compound", "sequence"]
    triggers: list[TriggerTypes]
    within: timedelta | None = None

    def _describe(self, head: str, indent: int) -> str:
        parts = [trigger.describe_for_cli(indent + 1) for trigger in self.triggers]
        return textwrap.indent("\n".join([head, *parts]), "  " * indent)


class CompoundTrigger(CompositeTrigger):
    """Fires when so many of its triggers have fired: a number, "any" or "all"."""

    type: Literal["compound"] = "compound"
    require: int | Literal["any", "all"]

    @pydantic.model_validator(mode="after")
    def _can_be_had(self) -> Self:
        if isinstance(self.require, int):
            if self.require < 1:
                raise ValueError("require must be at least 1")
            if self.require > len(self.triggers):
                raise ValueError("require must be less than or equal to the number of triggers")
        return self

    def describe_for_cli(self, indent: int = 0) -> str:
        """What it waits for, for people."""
        return self._describe(f"{str(self.require).capitalize()} of:", indent)


class SequenceTrigger(CompositeTrigger):
    """Fires when its triggers have fired one after the other."""

    type: Literal["sequence"] = "sequence"

    def describe_for_cli(self, indent: int = 0) -> str:
        """What it waits for, for people."""
        return self._describe("In this order:", indent)


def trigger_discriminator(value: Any) -> str:
    """The `type` of a trigger; of a mapping without one, what it looks like."""
    if not isinstance(value, dict):
        return str(getattr(value, "type", "event"))
    if "type" in value:
        return str(value["type"])
    if "triggers" in value:
        return "compound" if "require" in value else "sequence"
    return "metric" if value.get("posture") == "Metric" else "event"


TriggerTypes = Annotated[
    Annotated[EventTrigger, pydantic.Tag("event")]
    | Annotated[MetricTrigger, pydantic.Tag("metric")]
    | Annotated[CompoundTrigger, pydantic.Tag("compound")]
    | Annotated[SequenceTrigger, pydantic.Tag("sequence")],
    pydantic.Discriminator(trigger_discriminator),
]

CompoundTrigger.model_rebuild()
SequenceTrigger.model_rebuild()


class AutomationCore(pydantic.BaseModel):
    """What an automation is.

    Attributes:
        name: its name.
        description: what it is for.
        enabled: whether it acts.
        tags: words to find it by.
        trigger: what it waits for.
        actions: what it does then.
        actions_on_trigger: what it does besides.
        actions_on_resolve: what it would do when a metric is well again.
        owner_resource: the resource that it goes with.
    """

    model_config = pydantic.ConfigDict(extra="ignore", ser_json_timedelta="float")

    name: str
    description: str = ""
    enabled: bool = True
    tags: list[str] = pydantic.Field(default_factory=list)
    trigger: TriggerTypes
    actions: list[ActionTypesOrUnknown]
    actions_on_trigger: list[ActionTypesOrUnknown] = pydantic.Field(default_factory=list)
    actions_on_resolve: list[ActionTypesOrUnknown] = pydantic.Field(default_factory=list)
    owner_resource: str | None = None


class Automation(AutomationCore):
    """An automation that is known, with its id."""

    id: UUID
