"""Tables of automations: what acts on events, and what its triggers have counted."""

from __future__ import annotations

import peewee

from headrace_service.ledger.columns import IdField, Table, revision_column


class Automation(Table):
    """What is to be done once events have, or have not, happened.

    `trigger` is JSON (`headrace_service.triggers`), and so are the lists of actions and the tags.
    Events up to the one with the number `after` are none of its business: they were before it was
    made, changed or enabled. `owner` is the resource that it goes with, if any. `made_by` and
    `made_as` are the name of the token, if any, and the scope with which it was made or last
    changed.
    """

    id = IdField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField()
    enabled = peewee.BooleanField()
    tags = peewee.TextField()
    trigger = peewee.TextField()
    actions = peewee.TextField()
    actions_on_trigger = peewee.TextField()
    owner = peewee.TextField(null=True)
    after = peewee.BigIntegerField()
    fired_at = peewee.BigIntegerField(null=True)
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()
    revision = revision_column()
    made_by = peewee.TextField(null=True)
    made_as = peewee.TextField(null=True)

    class Meta:
        table_name = "automation"
        without_rowid = True
        indexes = ((("name",), False),)


Automation.add_index(Automation.owner, where=Automation.owner.is_null(False))


class TriggerCount(Table):
    """What a trigger has counted among events of one `key` (JSON); see `triggers.Count`.

    `path` says which trigger of the automation it is. `wakes_at` is when the clock has to look at
    it; None where only events do. `event` is the last one that mattered, as JSON.
    """

    automation_id = IdField()
    path = peewee.TextField()
    key = peewee.TextField()
    since = peewee.BigIntegerField()
    until = peewee.BigIntegerField()
    number = peewee.IntegerField()
    wakes_at = peewee.BigIntegerField(null=True)
    event = peewee.TextField(null=True)

    class Meta:
        table_name = "trigger_count"
        primary_key = peewee.CompositeKey("automation_id", "path", "key")


TriggerCount.add_index(TriggerCount.wakes_at, where=TriggerCount.wakes_at.is_null(False))


class TriggerFiring(Table):
    """When a part of a trigger fired last, while the whole waits for its other parts."""

    automation_id = IdField()
    path = peewee.TextField()
    at = peewee.BigIntegerField()

    class Meta:
        table_name = "trigger_firing"
        primary_key = peewee.CompositeKey("automation_id", "path")


class LoopCursor(Table):
    """Up to which event a loop has acted on all of them: two such loops act once."""

    loop = peewee.TextField(primary_key=True)
    seq = peewee.BigIntegerField()

    class Meta:
        table_name = "loop_cursor"
