"""Telling of an event."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from headrace.context import LiveFlowRun, get_environment
from headrace.events.schemas.events import Event, RelatedResource
from headrace.records import EventEmitted
from headrace.text import clip_name

logger = logging.getLogger("headrace.events")

#: An event follows another only if so little time lies between the two.
_TIGHT = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def emit_event(
    event: str,
    resource: Mapping[str, str],
    occurred: datetime | None = None,
    related: Sequence[Mapping[str, str] | RelatedResource] | None = None,
    payload: Mapping[str, Any] | None = None,
    id: UUID | None = None,
    follows: Event | None = None,
) -> Event | None:
    """Tell of something that happened; it is recorded beside the runs, and can be asked for.

    Costs the caller no more than a log line: it is sent behind the scenes, and never fails the code
    that tells.

    Args:
        event: its name, such as "order.shipped".
        resource: what it is about: labels by name, of which `headrace.resource.id` is needed.
        occurred: when; by default now.
        related: other resources, each with a label `headrace.resource.role` besides.
        payload: what else there is to say; what JSON can hold.
        id: its id; by default a new one.
        follows: the event that came before it, at most five minutes earlier.

    Returns:
        The event, or None if it makes none; the log says why.
    """
    values: dict[str, Any] = {"event": event, "resource": resource}
    values["occurred"] = occurred or datetime.now(UTC)
    values |= {"related": related} if related is not None else {}
    values |= {"payload": payload} if payload is not None else {}
    values |= {"id": id} if id is not None else {}
    try:
        if follows is not None and abs(values["occurred"] - follows.occurred) < _TIGHT:
            values["follows"] = follows.id
        emitted = Event(**values)
        record_event(emitted)
    except Exception:  # whoever tells of something must not fail by it
        logger.exception("Error emitting event: %s", event)
        return None
    return emitted


def record_event(event: Event) -> None:
    """Record an event, as one of the flow run that this code runs in, if there is one."""
    run = LiveFlowRun.get()
    environment = get_environment() if run is None else run.environment
    occurred = event.occurred if event.occurred.tzinfo else event.occurred.replace(tzinfo=UTC)
    plain = event.model_dump(mode="json", include={"payload"})
    environment.recorder.record(
        EventEmitted(
            event.id,
            max((occurred - _EPOCH) // timedelta(microseconds=1), 0),
            clip_name(event.event),
            event.resource.root,
            [related.root for related in event.related],
            plain["payload"],
            None if run is None else run.id,
        )
    )
