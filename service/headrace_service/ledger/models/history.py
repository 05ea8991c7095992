"""What happened: events and log lines."""

from __future__ import annotations

import peewee

from headrace_service.ledger.columns import IdField, Table


class Event(Table):
    """The history of every state, and the live feed: `seq` is the cursor.

    `kind` tells what `subject_id` names: "flow_run" or "task_run". `at` is when the state was
    entered; `payload` is the state as JSON (type, name, message, run_count). Events of the kinds
    `EDITED` and `DELETED` tell what else became of a flow run, with the state it was in. One of the
    kind `CUSTOM` is one that a user's program has emitted, and `subject_id` its own id.
    """

    seq = peewee.BigAutoField()
    at = peewee.BigIntegerField()
    kind = peewee.TextField()
    flow_run_id = IdField(null=True)
    subject_id = IdField()
    payload = peewee.TextField()

    class Meta:
        table_name = "event"
        indexes = ((("flow_run_id", "seq"), False), (("subject_id", "seq"), False))


#: The kinds of events of states that were entered: what a run's history is made of.
STATES = ("flow_run", "task_run")
#: What is said of a flow run was changed; it was deleted.
EDITED, DELETED = "flow_run_edited", "flow_run_deleted"
#: The kind of events that users' programs emit.
CUSTOM = "custom"

#: As plain text in the statement: with a parameter in its place SQLite does not see that the index
#: of these events serves.
IS_CUSTOM = peewee.SQL(f"\"kind\" = '{CUSTOM}'")

Event.add_index(Event.seq, name="event_custom", where=IS_CUSTOM)


class Log(Table):
    """Log lines; `seq` is a cursor of its own."""

    seq = peewee.BigAutoField()
    at = peewee.BigIntegerField()
    level = peewee.IntegerField()
    flow_run_id = IdField(null=True)
    task_run_id = IdField(null=True)
    logger = peewee.TextField()
    message = peewee.TextField()

    class Meta:
        table_name = "log"
        indexes = ((("flow_run_id", "seq"), False),)


Log.add_index(Log.task_run_id, Log.seq, where=Log.task_run_id.is_null(False))
