"""What is old goes: runs that have ended, events, log lines, and what nothing needs any more.

Each verb here looks at a bounded number of rows and deletes a bounded number, so that whoever
records in between does not wait. A run that has not ended goes by no means, and nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import peewee

from headrace.records import TERMINAL_STATES, now_micros
from headrace_service.ledger.columns import least_id
from headrace_service.ledger.deletion import (
    ROWS,
    Gone,
    delete_some,
    delete_task_runs,
    unfinished_deletions,
    vanish,
)
from headrace_service.ledger.keep import Keep
from headrace_service.ledger.models import (
    Batch,
    Bundle,
    Deployment,
    Event,
    FlowRun,
    Log,
    MadeOnce,
    Process,
    Reaping,
    Retention,
    TaskRun,
)

#: Rows that one transaction looks at, at most.
LOOK = 500
#: How often a sweep looks at lines that were passed by: 500,000 of them each time.
AGAIN = 1_000
#: Lines that are looked at together where they may be old or young.
SAMPLE = 20
#: Microseconds for which a bundle is kept that no deployment has: one may be about to be made.
BUNDLE_GRACE = 24 * 3600 * 1_000_000

_DAY = 24 * 3600 * 1_000_000
_ENDED = sorted(each.value for each in TERMINAL_STATES)
_FIRST, _LAST = UUID(int=0), UUID(int=(1 << 128) - 1)


class Place(NamedTuple):
    """How far a sweep has come: in which of its lists, and behind which key there."""

    part: int = 0
    after: UUID | str | int = _FIRST


#: Deletes what is older than a moment, some rows behind a place; answers the next place, or None
#: at the end.
Verb = Callable[[peewee.Database, int, Place], Place | None]


class Sweep(NamedTuple):
    """One thing that goes when it is old: the name it is counted by, how long, and what does it."""

    kind: str
    days: Callable[[Keep], float]
    verbs: tuple[Verb, ...]


class Progress(msgspec.Struct, frozen=True):
    """What retention has done to things of one kind. `swept_at` is in microseconds."""

    kind: str
    keep_days: float
    deleted: int
    swept_at: int | None


def moment(days: float, now: int) -> int:
    """What is older than that is so many days old."""
    return now - int(days * _DAY)


def progress(db: peewee.Database, keep: Keep) -> list[Progress]:
    """What was deleted of each kind since the ledger began."""
    query = Retention.select(Retention.kind, Retention.deleted, Retention.swept_at)
    found = {kind: (deleted, at) for kind, deleted, at in query.tuples().execute(db)}
    return [
        Progress(each.kind, each.days(keep), *found.get(each.kind, (0, None))) for each in SWEEPS
    ]


def note_swept(db: peewee.Database, kind: str, now: int) -> None:
    """Note that everything of a kind that was due is gone."""
    _count(db, kind, 0)
    Retention.update({Retention.swept_at: now}).where(Retention.kind == kind).execute(db)


# -- runs ------------------------------------------------------------------------------------------


def sweep_flow_runs(db: peewee.Database, before: int, place: Place) -> Place | None:
    """Delete flow runs that ended before a moment, unless one waits that has started them."""
    gone = Gone()
    for run_id in unfinished_deletions(db):
        if not delete_some(db, run_id, gone):
            _count(db, "run", gone.rows, gone)
            return place
    if place.part == len(_ENDED):
        return None
    found = _ended(db, FlowRun, (FlowRun.parent_flow_run_id,), _ENDED[place.part], before, place)
    open_parents = _open(db, FlowRun, (parent for _, _, parent in found))
    after: UUID | str | int = place.after
    for run_id, ended, parent in found:
        if ended < before and parent not in open_parents:
            if gone.rows >= ROWS:
                break
            vanish(db, run_id)
            gone.rows += 1
            if not delete_some(db, run_id, gone):
                after = run_id
                break
        after = run_id
    _count(db, "run", gone.rows, gone)
    if len(found) < LOOK and (not found or after == found[-1][0]):
        return Place(place.part + 1)
    return Place(place.part, after)


def sweep_task_runs(db: peewee.Database, before: int, place: Place) -> Place | None:
    """Delete task runs of no flow run that ended before a moment, and those whose flow run is gone.

    The flow runs of that age are gone already, so that few others are in the way.
    """
    query = (
        TaskRun.select(TaskRun.id, TaskRun.flow_run_id, TaskRun.state_type, _end_of(TaskRun))
        .where(TaskRun.id > place.after, TaskRun.id < least_id(before))
        .order_by(TaskRun.id)
        .limit(LOOK)
    )
    found = list(query.tuples().execute(db))
    owners = {owner for _, owner, _, _ in found if owner is not None}
    present = {key for (key,) in _select(db, FlowRun.id, FlowRun.id.in_(owners))}
    due = [
        key
        for key, owner, state, ended in found
        if state in _ENDED and ended < before and (owner is None or owner not in present)
    ]
    gone = Gone()
    delete_task_runs(db, due, gone)
    _count(db, "run", gone.rows, gone)
    if gone.rows >= ROWS:
        return place
    return Place(0, found[-1][0]) if len(found) == LOOK else None


# -- events and log lines --------------------------------------------------------------------------


def sweep_events(db: peewee.Database, before: int, place: Place) -> Place | None:
    """Delete events from before a moment, but none of a run that has not ended."""
    return _sweep_lines(db, Event, "event", Event.subject_id, before, place)


def sweep_logs(db: peewee.Database, before: int, place: Place) -> Place | None:
    """Delete log lines from before a moment, but none of a run that has not ended."""
    return _sweep_lines(db, Log, "log", Log.task_run_id, before, place)


def _sweep_lines(
    db: peewee.Database, model: Any, kind: str, task: Any, before: int, place: Place
) -> Place | None:
    """First what earlier sweeps have passed by, then what comes behind the place they came to.

    What is passed by belonged to a run that went on, or told a later time than others around it:
    the clock of its process was ahead. Lines have no index by time, only a place. Of a run that
    goes on for months there may be millions, so that a sweep looks at some of them alone, and the
    next one at those behind.
    """
    _count(db, kind, 0)
    own = Retention.kind == kind
    query = Retention.select(Retention.looked_to, Retention.again_to).where(own)
    ((looked_to, again_to),) = query.tuples().execute(db)
    columns = (model.seq, model.at, model.flow_run_id, task)
    if place.part == 0:
        passed = _lines(db, columns, model.seq > (again_to or 0), model.seq <= looked_to)
        _delete_lines(db, model, kind, before, passed)
        again_to = passed[-1][0] if len(passed) == LOOK else None
        Retention.update({Retention.again_to: again_to}).where(own).execute(db)
        looks = 1 if place.after == _FIRST else int(place.after) + 1
        return Place(0, looks) if again_to and looks < AGAIN else Place(1)
    found = _lines(db, columns, model.seq > looked_to)
    old = [seq for seq, at, *_ in found if at < before]
    if not old and (len(found) < LOOK or _is_front(db, model, found[-1][0], before)):
        return None
    _delete_lines(db, model, kind, before, found)
    come_to = old[-1] if old else found[-1][0]
    Retention.update({Retention.looked_to: come_to}).where(own).execute(db)
    return place if len(found) == LOOK else None


def _lines(db: peewee.Database, columns: Any, *conditions: Any) -> list[tuple[Any, ...]]:
    seq = columns[0]
    query = seq.model.select(*columns).where(*conditions).order_by(seq).limit(LOOK)
    return list(query.tuples().execute(db))


def _delete_lines(
    db: peewee.Database, model: Any, kind: str, before: int, rows: list[tuple[Any, ...]]
) -> None:
    """Delete those of some lines that are old, save those of runs that have not ended."""
    old = [row for row in rows if row[1] < before]
    flow_runs = _open(db, FlowRun, (owner for _, _, owner, _ in old))
    tasks = _open(db, TaskRun, (task for _, _, owner, task in old if owner is None))
    due = [seq for seq, _, owner, task in old if owner not in flow_runs and task not in tasks]
    if due:
        model.delete().where(model.seq.in_(due)).execute(db)
        gone = Gone(rows=len(due))
        setattr(gone, kind, due[-1])
        _count(db, kind, gone.rows, gone)


def _is_front(db: peewee.Database, model: Any, seq: int, before: int) -> bool:
    """Whether what comes behind a place is young, too: so it looks here and there, ever farther.

    A few old lines do not count: they are of a process that was long unable to send them, and are
    met when the sweep has come to them.
    """
    newest = model.select(peewee.fn.MAX(model.seq)).scalar(db)
    step = LOOK
    while seq + step <= newest:
        some = model.select(model.at).where(model.seq > seq + step - SAMPLE).order_by(model.seq)
        moments = [at for (at,) in some.limit(SAMPLE).tuples().execute(db)]
        if sum(at < before for at in moments) > len(moments) / 2:
            return False
        step *= 2
    return True


# -- what nothing needs any more -------------------------------------------------------------------


def sweep_streams(db: peewee.Database, before: int, place: Place) -> Place | None:
    """Forget processes that were last heard of before a moment."""
    query = (
        Batch.select(Batch.client_id, Batch.at, Process.client_id)
        .left_outer_join(Process, on=(Process.client_id == Batch.client_id))
        .where(Batch.client_id > place.after, Batch.client_id < least_id(before))
        .order_by(Batch.client_id)
        .limit(LOOK)
    )
    found = list(query.tuples().execute(db))
    due = [key for key, at, lives in found if at < before and lives is None]
    if due:
        Batch.delete().where(Batch.client_id.in_(due)).execute(db)
        Reaping.delete().where(Reaping.client_id.in_(due)).execute(db)
        _count(db, "stream", len(due))
        _move(db, "stream", before)
    return Place(0, found[-1][0]) if len(found) == LOOK else None


def sweep_keys(db: peewee.Database, before: int, place: Place) -> Place | None:
    """Forget the idempotency keys of before a moment: to ask again makes anew."""
    query = MadeOnce.select(MadeOnce.at).where(MadeOnce.at < before).order_by(MadeOnce.at)
    moments = [at for (at,) in query.limit(LOOK).tuples().execute(db)]
    if not moments:
        return None
    gone = MadeOnce.delete().where(MadeOnce.at <= moments[-1]).execute(db)
    _count(db, "key", gone)
    return place if len(moments) == LOOK else None


def sweep_bundles(db: peewee.Database, before: int, place: Place) -> Place | None:
    """Delete bundles that no deployment has, once they are a day old; one at a time, for its size.

    How long runs are kept does not matter: a run takes its deployment's bundle.
    """
    del before
    used = Deployment.select(Deployment.id).where(Deployment.bundle_key == Bundle.key)
    old = Bundle.created_at < now_micros() - BUNDLE_GRACE
    unused = Bundle.select(Bundle.key).where(old, ~peewee.fn.EXISTS(used)).order_by(Bundle.key)
    key = unused.limit(1).scalar(db)
    if key is None:
        return None
    Bundle.delete().where(Bundle.key == key).execute(db)
    _count(db, "bundle", 1)
    return place


#: In this order: what hangs on a run goes with it, and what is left is looked at by its own age.
SWEEPS = (
    Sweep("run", lambda keep: keep.runs, (sweep_flow_runs, sweep_task_runs)),
    Sweep("event", lambda keep: keep.events, (sweep_events,)),
    Sweep("log", lambda keep: keep.logs, (sweep_logs,)),
    Sweep("stream", lambda keep: keep.runs, (sweep_streams,)),
    Sweep("key", lambda keep: keep.runs, (sweep_keys,)),
    Sweep("bundle", lambda keep: keep.runs, (sweep_bundles,)),
)


# -- helpers ---------------------------------------------------------------------------------------


def _ended(
    db: peewee.Database, model: Any, columns: Iterable[Any], state: str, before: int, place: Place
) -> list[tuple[Any, ...]]:
    query = (
        model.select(model.id, _end_of(model), *columns)
        .where(model.state_type == state, model.id > place.after, model.id < least_id(before))
        .order_by(model.id)
        .limit(LOOK)
    )
    return list(query.tuples().execute(db))


def _end_of(model: Any) -> Any:
    return peewee.fn.COALESCE(model.end_time, model.state_timestamp)


def _open(db: peewee.Database, model: Any, ids: Iterable[UUID | None]) -> set[UUID]:
    """Those of the runs that have not ended."""
    wanted = {key for key in ids if key is not None}
    condition = model.id.in_(wanted) & model.state_type.not_in(_ENDED)
    return {key for (key,) in _select(db, model.id, condition)} if wanted else set()


def _select(db: peewee.Database, column: Any, condition: Any) -> Iterable[tuple[Any]]:
    rows: Iterable[tuple[Any]] = column.model.select(column).where(condition).tuples().execute(db)
    return rows


def _count(db: peewee.Database, kind: str, rows: int, gone: Gone | None = None) -> None:
    """Count what was deleted, and remember up to where the feeds have lost something."""
    for name in {kind, *(("event", "log") if gone else ())}:
        start = {
            Retention.kind: name,
            Retention.deleted_to: 0,
            Retention.looked_to: 0,
            Retention.deleted: 0,
        }
        Retention.insert(start).on_conflict_ignore().execute(db)
    if rows:
        counted = Retention.update({Retention.deleted: Retention.deleted + rows})
        counted.where(Retention.kind == kind).execute(db)
    for name, place in (("event", gone.event), ("log", gone.log)) if gone else ():
        _move(db, name, place)


def _move(db: peewee.Database, kind: str, place: int) -> None:
    moved = Retention.update({Retention.deleted_to: place})
    moved.where(Retention.kind == kind, Retention.deleted_to < place).execute(db)
