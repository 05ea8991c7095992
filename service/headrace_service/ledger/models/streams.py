"""The streams that processes record in, and whether those processes live."""

from __future__ import annotations

import peewee

from headrace_service.ledger.columns import IdField, Table


class Batch(Table):
    """The last batch that was taken of each client's stream, and what was answered to it.

    Batches of one client are numbered without a hole, so that the last number says of any other
    whether it was taken before.
    """

    client_id = IdField(primary_key=True)
    number = peewee.BigIntegerField()
    answer = peewee.BlobField()
    at = peewee.BigIntegerField()

    class Meta:
        table_name = "batch"
        without_rowid = True


class Process(Table):
    """A process that records, known by its stream, and until when it counts as living.

    `identity` tells the process apart from every other one of its machine, earlier ones of the
    same number included. `direct` tells that it writes to this file itself, so that nothing but
    its own end or sleep can keep it from renewing its lease.
    """

    client_id = IdField(primary_key=True)
    host = peewee.TextField()
    pid = peewee.IntegerField()
    identity = peewee.TextField()
    direct = peewee.BooleanField()
    duration = peewee.BigIntegerField()
    until = peewee.BigIntegerField()

    class Meta:
        table_name = "process"
        without_rowid = True


class Reaping(Table):
    """A moment at which a stream's process was taken for dead, and its runs ended for it.

    Runs of the stream that are CRASHED since that very moment are so by a guess.
    """

    client_id = IdField()
    at = peewee.BigIntegerField()

    class Meta:
        table_name = "reaping"
        without_rowid = True
        primary_key = peewee.CompositeKey("client_id", "at")
