"""Automations: what is known of them, and what changes them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
import peewee
import uuid_utils.compat as uuids

from headrace.records import Name, Text, now_micros
from headrace_service.ledger.automation_actions import (
    FOR_ADMINS,
    Action,
    PauseAutomation,
    ResumeAutomation,
    check_action,
    set_enabled,
)
from headrace_service.ledger.automation_rows import forget, forget_counts
from headrace_service.ledger.errors import InvalidInput, NotFound
from headrace_service.ledger.made_once import Once
from headrace_service.ledger.models import Automation
from headrace_service.ledger.queries.events import latest_event
from headrace_service.ledger.queries.paging import Page, Slice, cut, keyset
from headrace_service.ledger.revisions import revise
from headrace_service.ledger.tokens import Scope
from headrace_service.triggers import MOST, CompoundTrigger, EventTrigger, Trigger, walk

#: Automations that there may be, since each looks at each event; and actions of one.
MOST_AUTOMATIONS, MOST_ACTIONS = 1000, 20
#: Seconds for which a trigger waits at least for the absence of events.
SHORTEST = 10


class AutomationRow(msgspec.Struct, frozen=True):
    """An automation. `trigger`, the actions and `tags` are JSON texts.

    Times are in microseconds since 1970 UTC.
    """

    id: UUID
    name: str
    description: str
    enabled: bool
    tags: str
    trigger: str
    actions: str
    actions_on_trigger: str
    owner: str | None
    made_by: str | None
    made_as: str | None
    after: int
    fired_at: int | None
    created_at: int
    updated_at: int
    revision: int


class NewAutomation(msgspec.Struct, frozen=True):
    """An automation as it is asked for; trigger and actions are plain JSON values."""

    name: Name
    trigger: Any
    actions: list[Any]
    description: Text = ""
    enabled: bool = True
    tags: Annotated[list[Name], msgspec.Meta(max_length=MOST)] = []
    actions_on_trigger: list[Any] = []
    owner: Name | None = None


class Maker(NamedTuple):
    """What an automation is made with: the name of the token, if there is one, and the scope."""

    name: str | None = None
    scope: str | None = None


class AutomationWhere(msgspec.Struct, frozen=True):
    """Which automations are wanted; what is None does not matter."""

    name: str | None = None
    owner: str | None = None


NOBODY_KNOWN = Maker()

_COLUMNS = [getattr(Automation, name) for name in AutomationRow.__struct_fields__]
_trigger: msgspec.json.Decoder[Trigger] = msgspec.json.Decoder(Trigger)
_actions: msgspec.json.Decoder[list[Action]] = msgspec.json.Decoder(list[Action])


# -- reading ----------------------------------------------------------------------------------


def trigger_of(row: AutomationRow) -> Trigger:
    """What an automation waits for."""
    return _decoded(row.trigger)


@functools.lru_cache(maxsize=MOST_AUTOMATIONS)
def _decoded(trigger: str) -> Trigger:
    return _trigger.decode(trigger)


def actions_of(row: AutomationRow) -> list[Action]:
    """What an automation does, in this order."""
    return [*_actions.decode(row.actions), *_actions.decode(row.actions_on_trigger)]


def automation_by_id(db: peewee.Database, key: UUID) -> AutomationRow | None:
    """An automation; None when there is none of that id."""
    query = Automation.select(*_COLUMNS).where(Automation.id == key)
    return next((AutomationRow(*row) for row in query.tuples().execute(db)), None)


def enabled_automations(db: peewee.Database) -> list[AutomationRow]:
    """The automations that act, the oldest first."""
    query = Automation.select(*_COLUMNS).where(Automation.enabled == True)  # noqa: E712
    rows = query.order_by(Automation.id).tuples().execute(db)
    return [AutomationRow(*row) for row in rows]


def page_of_automations(
    db: peewee.Database, page: Page, where: AutomationWhere
) -> Slice[AutomationRow]:
    """A page of the automations, newest first."""
    query = Automation.select(*_COLUMNS)
    if where.name is not None:
        query = query.where(Automation.name == where.name)
    if where.owner is not None:
        query = query.where(Automation.owner == where.owner)
    query = keyset(query, Automation.id, page, newest_first=True)
    rows = [AutomationRow(*row) for row in query.tuples().execute(db)]
    return cut(rows, page, latest_event(db))


def _existing(db: peewee.Database, key: UUID) -> AutomationRow:
    row = automation_by_id(db, key)
    if row is None:
        raise NotFound(f"there is no automation {str(key)!r}; see `headrace automation ls`", "id")
    return row


# -- what is asked for ------------------------------------------------------------------------


def needs_admin(wanted: NewAutomation) -> bool:
    """Whether it would do what only an administrator may.

    Raises:
        InvalidInput: an action makes no sense.
    """
    actions = [*_read_actions(wanted.actions, "actions")]
    actions += _read_actions(wanted.actions_on_trigger, "actionsOnTrigger")
    return any(isinstance(action, FOR_ADMINS) for action in actions)


def of_admins(db: peewee.Database, keys: Sequence[UUID], owner: str | None = None) -> set[UUID]:
    """Which of these automations, or of an owner's, are none but an administrator's business.

    They were made or last changed with that scope, or do what needs it, or it cannot be told what
    they do. Whoever is none may not change them, stop them, or let them be stopped by another one.
    """
    these = Automation.id.in_(keys)
    if owner is not None:
        these |= Automation.owner == owner
    query = Automation.select(*_COLUMNS).where(these)
    rows = [AutomationRow(*row) for row in query.tuples().execute(db)]
    return {row.id for row in rows if row.made_as == Scope.ADMIN.value or _does_for_admins(row)}


def _does_for_admins(row: AutomationRow) -> bool:
    try:
        return any(isinstance(action, FOR_ADMINS) for action in actions_of(row))
    except msgspec.MsgspecError:
        return True


def steered(wanted: NewAutomation) -> list[UUID]:
    """The automations that an automation would let rest, or go on."""
    actions = [*_read_actions(wanted.actions, "actions")]
    actions += _read_actions(wanted.actions_on_trigger, "actionsOnTrigger")
    named = [action for action in actions if isinstance(action, PauseAutomation | ResumeAutomation)]
    return [action.automation_id for action in named if action.automation_id is not None]


def _values(wanted: NewAutomation) -> dict[Any, Any]:
    trigger = _read_trigger(wanted.trigger)
    return {
        Automation.name: wanted.name,
        Automation.description: wanted.description,
        Automation.enabled: wanted.enabled,
        Automation.tags: _text(wanted.tags),
        Automation.trigger: _text(trigger),
        Automation.actions: _text(_read_actions(wanted.actions, "actions")),
        Automation.actions_on_trigger: _text(
            _read_actions(wanted.actions_on_trigger, "actionsOnTrigger")
        ),
        Automation.updated_at: now_micros(),
    }


def _read_trigger(given: Any) -> Trigger:
    if isinstance(given, dict) and given.get("type") == "metric":
        raise InvalidInput(
            "trigger: metrics are not watched; use a trigger of the type event, with the posture "
            "Proactive for what does not happen in time",
            "trigger.type",
        )
    trigger: Trigger = _converted(given, Trigger, "trigger")
    parts = list(walk(trigger))
    if len(parts) > MOST:
        raise InvalidInput(f"trigger: it has {len(parts)} parts, at most {MOST}", "trigger")
    for _, part in parts:
        waits = isinstance(part, EventTrigger) and part.posture == "Proactive"
        if waits and (part.within or 0) < SHORTEST:
            message = f"trigger: within: a Proactive trigger waits {SHORTEST} seconds at least"
            raise InvalidInput(message, "trigger.within")
        if isinstance(part, CompoundTrigger) and not 1 <= part.needed <= len(part.triggers):
            message = f"trigger: require: use 1 to {len(part.triggers)}, or any, or all"
            raise InvalidInput(message, "trigger.require")
    return trigger


def _read_actions(given: list[Any], field: str) -> list[Action]:
    if len(given) > MOST_ACTIONS:
        raise InvalidInput(f"{field}: {len(given)} actions, at most {MOST_ACTIONS}", field)
    actions = []
    for number, one in enumerate(given):
        where = f"{field}[{number}]"
        action: Action = _converted(one, Action, where)
        check_action(action, where)
        actions.append(action)
    return actions


def _converted(value: Any, kind: Any, field: str) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        path = path.rstrip("`")
        if path == ".type" and isinstance(value, dict):
            message = f"{str(value.get('type'))[:80]!r} is not supported"
        raise InvalidInput(f"{field}{path}: {message}", f"{field}{path}") from None
    except RecursionError:
        raise InvalidInput(f"{field}: it is nested too deep", field) from None


# -- changing ---------------------------------------------------------------------------------


def create_automation(
    db: peewee.Database,
    wanted: NewAutomation,
    idempotency_key: str | None = None,
    maker: Maker = NOBODY_KNOWN,
) -> AutomationRow:
    """A new automation, which acts on what happens from now on.

    With an idempotency key that was given before, it is the one that was made then.

    Raises:
        InvalidInput: it makes no sense, or there are too many.
        Conflict: something else was asked for under the key.
    """
    once = Once("createAutomation", idempotency_key, wanted)
    made = once.made(db)
    if made is not None:
        return _existing(db, made)
    if Automation.select().count(db) >= MOST_AUTOMATIONS:
        raise InvalidInput(f"there are {MOST_AUTOMATIONS} automations, which is the most")
    key = _insert(db, wanted, maker)
    once.note(db, key)
    return _existing(db, key)


def _insert(db: peewee.Database, wanted: NewAutomation, maker: Maker) -> UUID:
    key = uuids.uuid7()
    values = _values(wanted)
    new = {
        Automation.id: key,
        Automation.owner: wanted.owner,
        Automation.made_by: maker.name,
        Automation.made_as: maker.scope,
        Automation.after: latest_event(db),
        Automation.created_at: values[Automation.updated_at],
    }
    Automation.insert({**values, **new}).execute(db)
    return key


def update_automation(
    db: peewee.Database,
    key: UUID,
    wanted: NewAutomation,
    expected: int | None = None,
    maker: Maker = NOBODY_KNOWN,
) -> AutomationRow:
    """Let an automation be as it is asked for; it stays its owner's, and is its new maker's.

    With another trigger, or newly enabled, it begins to count anew.

    Raises:
        NotFound: there is no such automation.
        Conflict: it is not at the revision that is expected.
        InvalidInput: it makes no sense.
    """
    row, values = _existing(db, key), _values(wanted)
    revise(db, Automation, key, f"automation {row.name!r}", expected)
    if values[Automation.trigger] != row.trigger or wanted.enabled is not row.enabled:
        forget_counts(db, key)
        values[Automation.after] = latest_event(db)
    values |= {Automation.made_by: maker.name, Automation.made_as: maker.scope}
    Automation.update(values).where(Automation.id == key).execute(db)
    return _existing(db, key)


def set_automation_enabled(db: peewee.Database, key: UUID, enabled: bool) -> AutomationRow:
    """Let an automation act on what happens from now on, or rest.

    Raises:
        NotFound: there is no such automation.
    """
    if _existing(db, key).enabled is not enabled:
        set_enabled(db, key, enabled, now_micros())
    return _existing(db, key)


def delete_automation(db: peewee.Database, key: UUID) -> UUID:
    """Forget an automation. Returns its id.

    Raises:
        NotFound: there is no such automation.
    """
    _existing(db, key)
    forget(db, [key])
    return key


def set_owned(
    db: peewee.Database,
    owner: str,
    wanted: list[NewAutomation],
    maker: Maker = NOBODY_KNOWN,
) -> list[AutomationRow]:
    """Let a resource have just these automations. Those that it has already stay as they are.

    Raises:
        InvalidInput: one of them makes no sense.
    """
    query = Automation.select(*_COLUMNS).where(Automation.owner == owner)
    there = [AutomationRow(*row) for row in query.order_by(Automation.id).tuples().execute(db)]
    kept = []
    for one in wanted:
        values = _values(one)
        same = next((row for row in there if _is_same(row, values)), None)
        if same is not None:
            there.remove(same)
        new = msgspec.structs.replace(one, owner=owner)
        kept.append(same.id if same else _insert(db, new, maker))
    forget(db, [row.id for row in there])
    return [_existing(db, key) for key in kept]


def _is_same(row: AutomationRow, values: dict[Any, Any]) -> bool:
    return all(
        getattr(row, column.name) == value
        for column, value in values.items()
        if column is not Automation.updated_at
    )


def _text(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
