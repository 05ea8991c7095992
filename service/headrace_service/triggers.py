"""When an automation acts: what events a trigger counts, and when it fires. Pure.

A trigger counts within stretches of time. What it has counted so far is a `Count`, which whoever
calls keeps: an event, or the clock, makes the next one of it. Times are in microseconds since 1970
UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import msgspec

from headrace.records import Name, read_at_once

#: Where events name what they are about.
ID, NAME, ROLE = "headrace.resource.id", "headrace.resource.name", "headrace.resource.role"
#: The labels that a trigger or a resource may have, the events that it names, and the triggers that
#: one is made of.
MOST = 100
#: How much earlier than its first event a stretch begins: events of several processes may come in
#: another order than they happened in.
LOOKBACK = 300_000_000

Labels = dict[str, str]
_Names = Annotated[list[Name], msgspec.Meta(max_length=MOST)]
_Wanted = dict[str, str | list[str]]
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=10_000_000_000)]


class Occurrence(msgspec.Struct, frozen=True):
    """An event, as triggers see it: `resource` and each of `related` are labels by name."""

    seq: int
    id: str
    at: int
    name: str
    resource: Labels
    related: list[Labels] = []
    payload: dict[str, object] = {}


read_at_once(Occurrence)


class EventTrigger(msgspec.Struct, frozen=True, tag="event", kw_only=True):
    """Fires when events happen (Reactive), or when they do not (Proactive).

    See the description of GraphQL's `AutomationInput`.
    """

    after: _Names = []
    expect: _Names = []
    for_each: _Names = []
    match: _Wanted = {}
    match_related: _Wanted | list[_Wanted] = {}
    posture: Literal["Reactive", "Proactive"] = "Reactive"
    threshold: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)] = 1
    within: _Seconds = 0.0

    @property
    def stretch(self) -> int:
        """`within`, in microseconds."""
        return round(self.within * 1_000_000)

    @property
    def begins_by_itself(self) -> bool:
        """Whether it waits for the absence of events from the first moment on."""
        return self.posture == "Proactive" and not self.after and not self.for_each

    def names(self, name: str) -> bool:
        """Whether events of that name matter to it."""
        return self.expects(name) or self.starts_after(name)

    def may_name(self, beginning: str) -> bool:
        """Whether events whose names begin so can matter to it."""
        return not self.expect or any(
            one.startswith(("!", beginning))
            or (one.endswith("*") and beginning.startswith(one[:-1]))
            for one in (*self.expect, *self.after)
        )

    def expects(self, name: str) -> bool:
        """Whether events of that name count."""
        return not self.expect or any(matches(one, name) for one in self.expect)

    def starts_after(self, name: str) -> bool:
        """Whether it begins to count after events of that name."""
        return any(matches(one, name) for one in self.after)

    def covers(self, event: Occurrence) -> bool:
        """Whether an event matters to it."""
        wanted = self.match_related
        each = wanted if isinstance(wanted, list) else [wanted]
        return (
            self.names(event.name)
            and has_labels(self.match, event.resource)
            and all(
                not one or any(has_labels(one, related) for related in event.related)
                for one in each
            )
        )

    def key_of(self, event: Occurrence) -> list[str]:
        """By what an event is counted apart."""
        return [label_of(event, label) or "" for label in sorted(self.for_each)]


class CompoundTrigger(msgspec.Struct, frozen=True, tag="compound", kw_only=True):
    """Fires when so many of its triggers have fired within a time; None is any time."""

    triggers: Annotated[list[Trigger], msgspec.Meta(min_length=1, max_length=MOST)]
    require: int | Literal["any", "all"]
    within: _Seconds | None = None

    @property
    def needed(self) -> int:
        """How many have to fire."""
        if isinstance(self.require, int):
            return self.require
        return 1 if self.require == "any" else len(self.triggers)


class SequenceTrigger(msgspec.Struct, frozen=True, tag="sequence", kw_only=True):
    """Fires when its triggers have fired one after the other within a time; None is any time."""

    triggers: Annotated[list[Trigger], msgspec.Meta(min_length=1, max_length=MOST)]
    within: _Seconds | None = None

    @property
    def needed(self) -> int:
        """How many have to fire."""
        return len(self.triggers)


Composite = CompoundTrigger | SequenceTrigger
Trigger = EventTrigger | CompoundTrigger | SequenceTrigger


class Count(msgspec.Struct, frozen=True):
    """What a trigger has counted in the stretch of time that it is at."""

    since: int
    until: int
    number: int = 0


#: Where a trigger stands within its automation: "" is the whole, "1.0" the first part of the second
#: part.
Path = str


def walk(trigger: Trigger, path: Path = "") -> Iterator[tuple[Path, Trigger]]:
    """A trigger and all that it is made of, each with its place."""
    yield path, trigger
    if not isinstance(trigger, EventTrigger):
        for number, part in enumerate(trigger.triggers):
            yield from walk(part, f"{path}.{number}".lstrip("."))


def parent_of(path: Path) -> Path:
    """The place of what a part belongs to."""
    return path.rpartition(".")[0]


def matches(expected: str, value: str | None) -> bool:
    """Whether a value is as expected: a text that may end with `*`, or begin with `!` for not."""
    if value is None:
        return False
    wanted = expected.removeprefix("!")
    found = value.startswith(wanted[:-1]) if wanted.endswith("*") else value == wanted
    return found == (wanted == expected)


def has_labels(wanted: _Wanted, labels: Labels) -> bool:
    """Whether a resource has all labels that are wanted, each with a value that will do."""
    return all(
        any(matches(one, labels.get(label)) for one in _each(values))
        for label, values in wanted.items()
    )


def _each(values: str | list[str]) -> Sequence[str]:
    return [values] if isinstance(values, str) else values


def label_of(event: Occurrence, label: str) -> str | None:
    """A label of the resource; `related:ROLE:LABEL` is one of a related resource."""
    kind, _, rest = label.partition(":")
    role, colon, name = rest.partition(":")
    if kind != "related" or not colon:
        return event.resource.get(label)
    return next((one.get(name) for one in event.related if one.get(ROLE) == role), None)


def observe(
    trigger: EventTrigger, count: Count | None, event: Occurrence
) -> tuple[Count | None, bool]:
    """What a trigger has counted after an event that it covers, and whether it fires.

    Args:
        trigger: the trigger.
        count: what it had counted before, among events of the same key.
        event: the event.
    """
    at, expects, fired = event.at, trigger.expects(event.name), False
    starts = trigger.starts_after(event.name)
    if count is not None and trigger.posture == "Proactive" and at >= count.until:
        count, fired = lapse(trigger, count, at)
    if starts and (count is None or (count.until <= at and trigger.stretch)):
        # One event both begins a stretch and counts: the first of them only begins it.
        count = Count(at, at + trigger.stretch, -1 if expects else 0)
    elif count is None and not trigger.after and expects:
        count = Count(at - LOOKBACK, at + trigger.stretch)
    if count is None or not expects or at < count.since:
        return count, fired
    if trigger.posture == "Reactive":
        return _react(trigger, count, at)
    count = msgspec.structs.replace(count, number=count.number + 1)
    if starts and count.number >= trigger.threshold:
        count = Count(at, at + trigger.stretch)  # from this one on, the next is waited for
    return count, fired


def _react(trigger: EventTrigger, count: Count, at: int) -> tuple[Count | None, bool]:
    counts_for_ever = trigger.stretch == 0
    if not counts_for_ever and at >= count.until:  # the stretch is over: the event opens another
        if trigger.after:
            return None, False
        count = Count(at, at + trigger.stretch)
    count = msgspec.structs.replace(count, number=count.number + 1)
    if count.number < trigger.threshold:
        return count, False
    if trigger.after or counts_for_ever:
        return None, True
    # Once is enough: the rest of this stretch is passed over.
    return Count(count.until, count.until + trigger.stretch), True


def lapse(trigger: EventTrigger, count: Count, now: int) -> tuple[Count | None, bool]:
    """What a proactive trigger counts once a stretch is over, and whether it fires for it."""
    fired = count.number < trigger.threshold
    if trigger.after:
        return None, fired
    since = max(count.until, now)
    return Count(since, since + trigger.stretch), fired


def is_complete(trigger: Composite, firings: dict[int, int], now: int) -> bool:
    """Whether a trigger that is made of others fires.

    Args:
        trigger: the trigger.
        firings: when its parts fired last, by their number.
        now: when the last of them did.
    """
    if trigger.within is not None:
        oldest = now - round(trigger.within * 1_000_000)
        firings = {part: at for part, at in firings.items() if at >= oldest}
    if len(firings) < trigger.needed:
        return False
    times = [at for _, at in sorted(firings.items())]
    return isinstance(trigger, CompoundTrigger) or times == sorted(times)
