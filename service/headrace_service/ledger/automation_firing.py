"""Automations at work: events are counted, triggers fire, and what they fire for is done.

All of it is one transaction with the cursor that says up to which event this was done. So it does
not matter how many loops look at one ledger, or when one dies: each event counts once, and each
firing acts once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import msgspec
import peewee
import uuid_utils.compat as uuids

from headrace_service.ledger.apart import apart
from headrace_service.ledger.automation_actions import Action, perform
from headrace_service.ledger.automations import (
    AutomationRow,
    actions_of,
    automation_by_id,
    enabled_automations,
    trigger_of,
)
from headrace_service.ledger.errors import Refused
from headrace_service.ledger.models import (
    CUSTOM,
    Automation,
    Event,
    LoopCursor,
    TriggerCount,
    TriggerFiring,
)
from headrace_service.ledger.occurrences import MANY, OURS, news
from headrace_service.ledger.rows import CustomPayload
from headrace_service.ledger.statements import put
from headrace_service.triggers import (
    ID,
    NAME,
    ROLE,
    Count,
    EventTrigger,
    Labels,
    Occurrence,
    Path,
    Trigger,
    is_complete,
    lapse,
    observe,
    parent_of,
    walk,
)

logger = logging.getLogger("headrace_service.ledger")

#: The name of the cursor.
LOOP = "automations"
#: Microseconds for which the clock waits after a stretch has ended: what happened within it may
#: still be on its way.
GRACE = 1_000_000

_json = msgspec.json.Encoder()


def cursor(db: peewee.Database) -> int:
    """The number of the event up to which all was acted on."""
    query = LoopCursor.select(LoopCursor.seq).where(LoopCursor.loop == LOOP)
    return query.scalar(db) or 0


class Look(msgspec.Struct, frozen=True):
    """What there is for automations to see; `upto` is the number of the last event looked at."""

    events: list[Occurrence]
    upto: int
    skipped: bool  #: whether so much was passed over that the cursor is to be moved
    due: int | None  #: when a trigger that waits for time is to be looked at; None is never


def look(db: peewee.Database, seen: int) -> Look | None:
    """What has happened that concerns an automation; None when there is none that acts.

    All is of one snapshot: whatever begins to act later does not act on these events.

    Args:
        db: a reader's database, in a transaction.
        seen: the number of an event up to which nothing is left to see.
    """
    rows = enabled_automations(db)
    if not rows:
        return None
    triggers = [part for row in rows for _, part in _parts(row) if isinstance(part, EventTrigger)]
    # Nothing that was before the first of them is any of their business.
    start = max(seen, cursor(db), min(row.after for row in rows))
    events, upto = news(db, start, triggers)
    return Look(events, upto, upto - start >= MANY, _due(db, rows))


def take(db: peewee.Database, events: Sequence[Occurrence], upto: int, now: int) -> int:
    """Let all automations see events; how often one of them fired.

    Args:
        db: the writer's database.
        events: in their order; those that were taken before are passed over.
        upto: the number of the event up to which these were looked for.
        now: microseconds since 1970 UTC.
    """
    at = cursor(db)
    fired = 0
    for event in events:
        if event.seq > at:
            # Read anew for each event: what was done for the one before may have changed them.
            for row in enabled_automations(db):
                if event.seq > row.after:
                    with apart(db, f"automation {row.id} cannot take event {event.seq}"):
                        fired += _Automation(db, row, now).see(event)
    if upto > at:
        put(db, LoopCursor, {LoopCursor.loop: LOOP, LoopCursor.seq: upto})
    return fired


def _parts(row: AutomationRow) -> list[tuple[Path, Trigger]]:
    """The parts of an automation's trigger; none when it cannot be read: others are to go on."""
    try:
        return list(walk(trigger_of(row)))
    except ValueError as error:
        logger.error("the trigger of automation %s cannot be read: %s", row.id, error)
        return []


def _due(db: peewee.Database, rows: Sequence[AutomationRow]) -> int | None:
    """When the next stretch of time is over that a trigger waits for; 0 when one is to begin."""
    if any(_missing(db, row) for row in rows):
        return 0
    theirs = TriggerCount.automation_id.in_([row.id for row in rows])
    first = TriggerCount.select(peewee.fn.MIN(TriggerCount.wakes_at)).where(theirs).scalar(db)
    return None if first is None else first + GRACE


def wake(db: peewee.Database, now: int) -> int:
    """Let time have passed for the triggers that wait for it; how often an automation fired."""
    for row in enabled_automations(db):
        for path, trigger in _missing(db, row):
            _Automation(db, row, now).keep(path, trigger, "[]", Count(now, now + trigger.stretch))
    columns = (TriggerCount.automation_id, TriggerCount.path, TriggerCount.key)
    query = TriggerCount.select(*columns).where(TriggerCount.wakes_at <= now - GRACE)
    fired = 0
    for automation_id, path, key in list(query.tuples().execute(db)):
        found = automation_by_id(db, automation_id)
        if found is not None and found.enabled:
            with apart(db, f"automation {found.id} cannot end a stretch of time"):
                fired += _Automation(db, found, now).lapse(path, key)
    return fired


def _missing(db: peewee.Database, row: AutomationRow) -> list[tuple[Path, EventTrigger]]:
    """Triggers that wait from the first moment on, and have not begun to."""
    waiting = [
        (path, trigger)
        for path, trigger in _parts(row)
        if isinstance(trigger, EventTrigger) and trigger.begins_by_itself
    ]
    if not waiting:
        return []
    query = TriggerCount.select(TriggerCount.path).where(TriggerCount.automation_id == row.id)
    there = {path for (path,) in query.tuples().execute(db)}
    return [(path, trigger) for path, trigger in waiting if path not in there]


class _Automation:
    """One automation, in the writer's transaction."""

    def __init__(self, db: peewee.Database, row: AutomationRow, now: int) -> None:
        self._db, self._row, self._now = db, row, now
        self._triggers: dict[Path, Trigger] = dict(walk(trigger_of(row)))

    def see(self, event: Occurrence) -> int:
        """Let its triggers count an event; how often it fired."""
        fired = 0
        for path, trigger in self._triggers.items():
            if isinstance(trigger, EventTrigger) and trigger.covers(event):
                key = _json.encode(trigger.key_of(event)).decode()
                count, fires = observe(trigger, self._count(path, key)[0], event)
                self.keep(path, trigger, key, count, event)
                if fires:
                    fired += self._fire(path, event, event.at)
        return fired

    def lapse(self, path: Path, key: str) -> int:
        """A stretch is over that a trigger has waited for; whether the automation fired."""
        trigger, (count, last) = self._triggers.get(path), self._count(path, key)
        if count is None or not isinstance(trigger, EventTrigger):
            return 0
        following, fires = lapse(trigger, count, self._now)
        self.keep(path, trigger, key, following, last)
        about = {ID: f"headrace.automation.{self._row.id}", NAME: self._row.name}
        nothing = Occurrence(0, str(uuids.uuid7()), self._now, f"{OURS}lapsed", about)
        return self._fire(path, last or nothing, count.until) if fires else 0

    def _count(self, path: Path, key: str) -> tuple[Count | None, Occurrence | None]:
        columns = (
            TriggerCount.since,
            TriggerCount.until,
            TriggerCount.number,
            TriggerCount.event,
        )
        query = TriggerCount.select(*columns).where(self._is_at(path, key))
        for since, until, number, event in query.tuples().execute(self._db):
            last = None if event is None else msgspec.json.decode(event, type=Occurrence)
            return Count(since, until, number), last
        return None, None

    def _is_at(self, path: Path, key: str) -> Any:
        return (
            (TriggerCount.automation_id == self._row.id)
            & (TriggerCount.path == path)
            & (TriggerCount.key == key)
        )

    def keep(
        self,
        path: Path,
        trigger: EventTrigger,
        key: str,
        count: Count | None,
        event: Occurrence | None = None,
    ) -> None:
        """Note what a trigger has counted, and the last event of it."""
        if count is None:
            TriggerCount.delete().where(self._is_at(path, key)).execute(self._db)
            return
        waits = trigger.posture == "Proactive"
        values = {
            TriggerCount.automation_id: self._row.id,
            TriggerCount.path: path,
            TriggerCount.key: key,
            TriggerCount.since: count.since,
            TriggerCount.until: count.until,
            TriggerCount.number: count.number,
            TriggerCount.wakes_at: count.until if waits else None,
            TriggerCount.event: _json.encode(event).decode() if waits and event else None,
        }
        put(self._db, TriggerCount, values)

    def _fire(self, path: Path, event: Occurrence, at: int) -> int:
        """A trigger fires: what it is a part of may; the whole acts. How often it acted."""
        if path == "":
            self._act(event)
            return 1
        above = parent_of(path)
        parent = self._triggers[above]
        assert not isinstance(parent, EventTrigger)  # a part belongs to something
        if parent.needed > 1:
            row = {
                TriggerFiring.automation_id: self._row.id,
                TriggerFiring.path: path,
                TriggerFiring.at: at,
            }
            put(self._db, TriggerFiring, row)
            parts = [f"{above}.{number}".lstrip(".") for number in range(len(parent.triggers))]
            mine = (TriggerFiring.automation_id == self._row.id) & TriggerFiring.path.in_(parts)
            query = TriggerFiring.select(TriggerFiring.path, TriggerFiring.at).where(mine)
            firings = {parts.index(part): when for part, when in query.tuples().execute(self._db)}
            if not is_complete(parent, firings, at):
                return 0
            TriggerFiring.delete().where(mine).execute(self._db)
        return self._fire(above, event, at)

    def _act(self, event: Occurrence) -> None:
        row = self._row
        fired = {Automation.fired_at: self._now}
        Automation.update(fired).where(Automation.id == row.id).execute(self._db)
        self._tell("triggered", event, {})
        for number, action in enumerate(actions_of(row)):
            self._do(number, action, event)

    def _do(self, number: int, action: Action, event: Occurrence) -> None:
        payload: dict[str, Any] = {
            "action_index": number,
            "action_type": action.__struct_config__.tag,
        }
        try:
            with self._db.savepoint():
                made = perform(self._db, action, (self._row.id, self._row.name), event, self._now)
        except Exception as error:  # told, and no reason not to do the rest, or to stop all others
            reason = str(error)
            if not isinstance(error, Refused):
                logger.exception("action %d of automation %s failed", number, self._row.id)
                reason = f"something went wrong inside the service: {type(error).__name__}"
            self._tell("action.failed", event, {**payload, "reason": reason})
            return
        related = [{**made, ROLE: "target"}] if made else []
        self._tell("action.executed", event, payload, related)

    def _tell(
        self,
        what: str,
        event: Occurrence,
        payload: dict[str, Any],
        related: Sequence[Labels] = (),
    ) -> None:
        """Put into the event log what the automation did, and for which event."""
        about = {ID: f"headrace.automation.{self._row.id}", NAME: self._row.name}
        cause = {ID: f"headrace.event.{event.id}", NAME: event.name, ROLE: "triggering-event"}
        told = CustomPayload(OURS + what, about, [cause, *related], payload)
        values = {
            Event.at: self._now,
            Event.kind: CUSTOM,
            Event.subject_id: uuids.uuid7(),
            Event.payload: _json.encode(told).decode(),
        }
        Event.insert(values).execute(self._db)
