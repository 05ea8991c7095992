"""The limits of which runs of deployments take slots, for as long as they are under way.

These are limits like all others, known by their names: those that the deployment names, besides
`deployment:FLOW/NAME`, `work-pool:NAME` and `work-queue:POOL/NAME`, as far as there are some.
A run's lease has the run's id. It lasts until the transaction that ends the run, or gives it back.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec
import peewee

from headrace.limit_keys import UnknownParameter, key_of
from headrace.records import SlotHolder
from headrace_service.admission import OF_POOL, OF_QUEUE, fits
from headrace_service.json_schema import defaults
from headrace_service.ledger.desk import LASTING, Desk, Limit
from headrace_service.ledger.errors import InvalidInput
from headrace_service.ledger.limits import LimitValues, create_limit, delete_limit, update_limit
from headrace_service.ledger.lines import WAITER_LEASE, Claim
from headrace_service.ledger.notices import tell_given_slots
from headrace_service.ledger.statements import Statement

#: The end of a lease that lasts as long as its run.
FOR_EVER = 2**62

#: As a text of its own: only so SQLite sees that the partial index has all such runs.
IS_SCHEDULED = peewee.SQL('"t1"."state_type" = \'SCHEDULED\'')

_KEEP = Statement(f'UPDATE "slot" SET "until" = ?, "holder" = ? WHERE "lease_id" = ? AND {LASTING}')

_json = msgspec.json.Encoder()


class CollisionStrategy(enum.Enum):
    """What becomes of a run for which there is no place."""

    ENQUEUE = "ENQUEUE"
    CANCEL_NEW = "CANCEL_NEW"


class Place(enum.Enum):
    """What there is for a run that asks for slots."""

    #: Its slots.
    TAKEN = enum.auto()
    #: A place in line.
    IN_LINE = enum.auto()
    #: Nothing, since it does not want to wait.
    NONE = enum.auto()
    #: Nothing, since no slots are to be had, whatever the key: never, or not for a while.
    CLOSED = enum.auto()


class WaitingRun(msgspec.Struct, frozen=True):
    """A run of a deployment that is due, and all that bears on whether there is a place for it.

    `limits` are names; `rank` is when it was due, less the head start that its priority gives it.
    """

    id: UUID
    deployment_id: UUID
    limits: Sequence[str]
    key: str
    rank: int
    waits: bool


def limit_of_deployment(full_name: str) -> str:
    """The name of the limit that a deployment (`flow/name`) has for itself, if it has one."""
    return f"deployment:{full_name}"


def limit_of_pool(name: str) -> str:
    """The name of the limit that a work pool has for itself, if it has one."""
    return f"{OF_POOL}{name}"


def limit_of_queue(pool: str, name: str) -> str:
    """The name of the limit that a work queue has for itself, if it has one."""
    return f"{OF_QUEUE}{pool}/{name}"


def limits_of_run(full_name: str, named: Iterable[str], queue: tuple[str, str] | None) -> list[str]:
    """The names of the limits that runs of a deployment take slots of.

    Args:
        full_name: the deployment's.
        named: the limits that it names.
        queue: the pool and the queue in which the run waits, if it does in one.
    """
    of_pool = [] if queue is None else [limit_of_pool(queue[0]), limit_of_queue(*queue)]
    return [*of_pool, limit_of_deployment(full_name), *named]


def set_limit(db: peewee.Database, name: str, slots: int | None, now: int) -> None:
    """Let there be a limit of that name and so many slots; None lets there be none."""
    if slots is None:
        delete_limit(db, name, now)
    elif not update_limit(db, name, LimitValues(slots), now).answer:
        create_limit(db, name, LimitValues(slots), now)


def key_for(template: str | None, schema: str, parameters: Mapping[str, object]) -> str | None:
    """The key of a run with these parameters; what is not given has the flow's own default.

    Args:
        template: the deployment's, if it has one.
        schema: the JSON schema of its flow's parameters, as text.
        parameters: what is given.

    Raises:
        InvalidInput: the deployment's template names another parameter.
    """
    if template is None:
        return None
    known = msgspec.json.decode(schema)
    own = defaults(known) if isinstance(known, dict) else {}
    try:
        return key_of(template, {**own, **parameters})
    except UnknownParameter as error:
        raise InvalidInput(f"no key can be made of {template!r}: {error}", "parameters") from None


# -- the runs' leases -------------------------------------------------------------------------


def take_place(desk: Desk, run: WaitingRun, holder: SlotHolder) -> Place:
    """Take the slots that a run needs to begin, or a place in line."""
    limits = [limit for limit in desk.named(run.limits) if limit.capacity.active]
    if not limits:
        return Place.TAKEN
    # What is given to it while no worker asks is kept for the next one that does, not for ever.
    waiting = _json.encode(SlotHolder("", 0, run.id)).decode()
    claim = Claim(run.id.bytes, 1, WAITER_LEASE, None, waiting, run.key, run.rank)
    if not desk.limits_held(claim.lease_id):
        fit = all(fits(limit.capacity, claim.occupied) for limit in limits)
        if not fit or desk.has_put_enough_in_line(limits):
            return Place.CLOSED
        if not _admitted(desk, limits, claim, run.waits):
            return Place.IN_LINE if run.waits else Place.NONE
    _KEEP.run(desk.db, FOR_EVER, _json.encode(holder).decode(), claim.lease_id)
    return Place.TAKEN


def _admitted(desk: Desk, limits: Sequence[Limit], claim: Claim, waits: bool) -> bool:
    served, _ = desk.admit(limits, claim, waits=waits)
    is_admitted = served.pop(UUID(bytes=claim.lease_id), None) is not None
    tell_given_slots(desk.db, served)
    return is_admitted
