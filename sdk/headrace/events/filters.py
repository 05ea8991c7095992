"""Which events are wanted. All conditions of a filter must hold; what is None does not matter.

EventFilter(event=EventNameFilter(prefix=["order."]))
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pydantic

from headrace.events.schemas.events import Event, Resource, ResourceSpecification


class EventDataFilter(pydantic.BaseModel):
    """A condition, made of others."""

    model_config = pydantic.ConfigDict(extra="forbid")

    def get_filters(self) -> list[EventDataFilter]:
        """The conditions that it is made of."""
        parts: list[EventDataFilter] = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            listed = value if isinstance(value, list) else [value]
            parts += [part for part in listed if isinstance(part, EventDataFilter)]
        return parts

    def includes(self, event: Event) -> bool:
        """Whether an event fits."""
        return all(part.includes(event) for part in self.get_filters())

    def excludes(self, event: Event) -> bool:
        """Whether an event does not fit."""
        return not self.includes(event)


def _half_a_year_ago() -> datetime:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=180)


class EventOccurredFilter(EventDataFilter):
    """By when they happened: from `since` to `until`, both included."""

    since: datetime = pydantic.Field(default_factory=_half_a_year_ago)
    until: datetime = pydantic.Field(default_factory=lambda: datetime.now(UTC))

    def includes(self, event: Event) -> bool:
        """Whether an event fits."""
        return self.since <= event.occurred <= self.until


def _none_or_any(wanted: Sequence[str] | None, fits: Callable[[str], bool]) -> bool:
    return not wanted or any(fits(one) for one in wanted)


class EventNameFilter(EventDataFilter):
    """By name: what it begins with, or all of it."""

    prefix: list[str] | None = None
    exclude_prefix: list[str] | None = None
    name: list[str] | None = None
    exclude_name: list[str] | None = None

    def includes(self, event: Event) -> bool:
        """Whether an event fits."""
        name = event.event
        return (
            _none_or_any(self.prefix, name.startswith)
            and _none_or_any(self.name, name.__eq__)
            and not any(name.startswith(one) for one in self.exclude_prefix or ())
            and name not in (self.exclude_name or ())
        )


class _ByResource(EventDataFilter):
    id: list[str] | None = None
    id_prefix: list[str] | None = None
    labels: ResourceSpecification | None = None

    def _fits(self, resource: Resource) -> bool:
        return (
            _none_or_any(self.id, resource.id.__eq__)
            and _none_or_any(self.id_prefix, resource.id.startswith)
            and (self.labels is None or self.labels.matches(resource))
        )


class EventResourceFilter(_ByResource):
    """By the resource that they are about; `distinct`: the newest of each resource alone."""

    distinct: bool = False

    def includes(self, event: Event) -> bool:
        """Whether an event fits."""
        return self._fits(event.resource)


class EventAnyResourceFilter(_ByResource):
    """By a resource that has any part in them."""

    def includes(self, event: Event) -> bool:
        """Whether an event fits."""
        return any(self._fits(resource) for resource in event.involved_resources)


class EventRelatedFilter(EventDataFilter):
    """By a related resource: its id, its role, both together, or its labels."""

    id: list[str] | None = None
    role: list[str] | None = None
    resources_in_roles: list[tuple[str, str]] | None = None
    labels: ResourceSpecification | None = None

    def includes(self, event: Event) -> bool:
        """Whether an event fits."""
        related = event.related
        pairs = [(one.id, one.role) for one in related]
        return (
            _none_or_any(self.id, lambda id: any(id == one.id for one in related))
            and _none_or_any(self.role, lambda role: any(role == one.role for one in related))
            and (not self.resources_in_roles or any(p in pairs for p in self.resources_in_roles))
            and (self.labels is None or any(self.labels.matches(one) for one in related))
        )


class EventIDFilter(EventDataFilter):
    """By id."""

    id: list[UUID] | None = None

    def includes(self, event: Event) -> bool:
        """Whether an event fits."""
        return not self.id or event.id in self.id


class EventOrder(enum.StrEnum):
    """Whether the oldest or the newest event comes first."""

    ASC = "ASC"
    DESC = "DESC"

    def __repr__(self) -> str:
        return f"EventOrder.{self.name}"


class EventFilter(EventDataFilter):
    """Which events, and in which order."""

    occurred: EventOccurredFilter = pydantic.Field(default_factory=EventOccurredFilter)
    event: EventNameFilter | None = None
    resource: EventResourceFilter | None = None
    related: EventRelatedFilter | list[EventRelatedFilter] | None = None
    any_resource: EventAnyResourceFilter | list[EventAnyResourceFilter] | None = None
    id: EventIDFilter = pydantic.Field(default_factory=lambda: EventIDFilter(id=[]))
    order: EventOrder = EventOrder.DESC
