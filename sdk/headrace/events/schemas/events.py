"""What an event consists of."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

import pydantic

from headrace.ids import new_id

#: Labels of a resource, and resources of an event, at most.
MAX_LABELS, MAX_RELATED = 500, 100

_ID = "headrace.resource.id"
_NAME = "headrace.resource.name"
_ROLE = "headrace.resource.role"


class Resource(pydantic.RootModel[dict[str, str]]):
    """What an event is about: labels by name, of which `headrace.resource.id` has to be there."""

    @pydantic.model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if len(self.root) > MAX_LABELS:
            raise ValueError(f"The maximum number of labels per resource is {MAX_LABELS}")
        if _ID not in self.root:
            raise ValueError(f"Resources must include the {_ID} label")
        if not self.root[_ID]:
            raise ValueError(f"The {_ID} label must be non-empty")
        return self

    @property
    def id(self) -> str:
        """Its id."""
        return self.root[_ID]

    @property
    def name(self) -> str | None:
        """Its name, if it has one."""
        return self.root.get(_NAME)

    def headrace_object_id(self, kind: str) -> UUID:
        """The id in its own id, which is `kind`, a dot, and it.

        Raises:
            ValueError: it is no resource of this kind.
        """
        if not self.id.startswith(f"{kind}."):
            raise ValueError(f"Resource ID {self.id!r} does not start with {kind}.")
        return UUID(self.id.removeprefix(f"{kind}."))

    def as_label_value_array(self) -> list[dict[str, str]]:
        """Its labels as pairs of `label` and `value`."""
        return [{"label": label, "value": value} for label, value in self.root.items()]

    def has_all_labels(self, labels: Mapping[str, str]) -> bool:
        """Whether it has all these labels, with these values."""
        return all(self.root.get(label) == value for label, value in labels.items())

    def __getitem__(self, label: str) -> str:
        return self.root[label]

    def get(self, label: str, default: str | None = None) -> str | None:
        """A label's value, or `default`."""
        return self.root.get(label, default)

    def keys(self) -> KeysView[str]:
        """The labels' names."""
        return self.root.keys()

    def items(self) -> ItemsView[str, str]:
        """The labels by name."""
        return self.root.items()

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]  # as a dict, for `dict(resource)`
        return iter(self.root)

    def __len__(self) -> int:
        return len(self.root)


class RelatedResource(Resource):
    """A resource that has a part in an event, which `headrace.resource.role` tells."""

    @pydantic.model_validator(mode="after")
    def _has_a_role(self) -> Self:
        if _ROLE not in self.root:
            raise ValueError(f"Related Resources must include the {_ROLE} label")
        if not self.root[_ROLE]:
            raise ValueError(f"The {_ROLE} label must be non-empty")
        return self

    @property
    def role(self) -> str:
        """Its part in the event."""
        return self.root[_ROLE]


class Event(pydantic.BaseModel):
    """Something that happened.

    Attributes:
        occurred: when it happened.
        event: its name, such as "order.shipped".
        resource: what it is about.
        related: what else has a part in it.
        payload: what else there is to say.
        id: its id.
        follows: the id of the event that came before it, if that was told.
    """

    model_config = pydantic.ConfigDict(extra="ignore")

    occurred: datetime = pydantic.Field(default_factory=lambda: datetime.now(UTC))
    event: str
    resource: Resource
    related: list[RelatedResource] = pydantic.Field(default_factory=list, max_length=MAX_RELATED)
    payload: dict[str, Any] = pydantic.Field(default_factory=dict)
    id: UUID = pydantic.Field(default_factory=new_id)
    follows: UUID | None = None

    def find_resource_label(self, label: str) -> str | None:
        """A label's value: the resource's, or of `related:ROLE:LABEL` the related resource's."""
        directive, _, of_related = label.rpartition(":")
        if directive.startswith("related:"):
            related = self.resource_in_role.get(directive.removeprefix("related:"))
            return None if related is None else related.get(of_related)
        return self.resource.get(label)

    @property
    def size_bytes(self) -> int:
        """Its length as JSON, in bytes."""
        return len(self.model_dump_json().encode())

    @property
    def involved_resources(self) -> Sequence[Resource]:
        """What it is about, and then all that is related."""
        return [self.resource, *self.related]

    @property
    def resource_in_role(self) -> Mapping[str, RelatedResource]:
        """By role, the first related resource that has it."""
        return {related.role: related for related in reversed(self.related)}

    @property
    def resources_in_role(self) -> Mapping[str, Sequence[RelatedResource]]:
        """By role, all related resources that have it."""
        found: dict[str, list[RelatedResource]] = {}
        for related in self.related:
            found.setdefault(related.role, []).append(related)
        return found


class ReceivedEvent(Event):
    """An event as somebody else was told of it, and when.

    Attributes:
        received: when it arrived.
    """

    received: datetime = pydantic.Field(default_factory=lambda: datetime.now(UTC))


def matches(expected: str, value: str | None) -> bool:
    """Whether a value is as expected: a text that may end with `*`, or begin with `!` for not."""
    if value is None:
        return False
    wanted = expected.removeprefix("!")
    found = value.startswith(wanted[:-1]) if wanted.endswith("*") else value == wanted
    return found == (wanted == expected)


class ResourceSpecification(pydantic.RootModel[dict[str, str | list[str]]]):
    """Which resources are meant: labels by name, each with the values that will do."""

    def matches_every_resource(self) -> bool:
        """Whether it asks for nothing."""
        return not self.root

    def includes(self, candidates: Iterable[Resource]) -> bool:
        """Whether one of the resources is meant."""
        return not self.root or any(self.matches(candidate) for candidate in candidates)

    def matches(self, resource: Resource) -> bool:
        """Whether a resource is meant."""
        return all(
            any(matches(one, resource.get(label)) for one in expected)
            for label, expected in self.items()
        )

    def items(self) -> list[tuple[str, list[str]]]:
        """The labels by name, with all values that will do."""
        return [(label, self[label]) for label in self.root]

    def __contains__(self, label: str) -> bool:
        return label in self.root

    def __getitem__(self, label: str) -> list[str]:
        value = self.root[label]
        return [value] if isinstance(value, str) else value

    def get(self, label: str, default: str | list[str] | None = None) -> list[str]:
        """The values of a label that will do, or `default`."""
        value = self.root.get(label, default)
        return [value] if isinstance(value, str) else value or []

    def __len__(self) -> int:
        return len(self.root)
