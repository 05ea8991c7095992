"""peewee, loaded without psycopg, which a ledger in a SQLite file has no use for.

peewee imports each driver that it finds, and psycopg takes three times as long as peewee itself:
100 ms of every script's start wherever both are installed. `use_psycopg` gives it the driver.
"""

from __future__ import annotations

from typing import Any

from headrace.omitting import without

with without("psycopg"):
    import peewee


def use_psycopg() -> None:
    """Let peewee use psycopg from now on.

    Raises:
        ImportError: it is not installed; the extra `postgres` brings it.
    """
    module: Any = peewee
    if module.psycopg is not None:
        return
    import psycopg
    from psycopg.pq import TransactionStatus
    from psycopg.types.json import Json, Jsonb

    module.TransactionStatus = TransactionStatus
    module.Json_pg3, module.Jsonb_pg3 = Json, Jsonb
    adapter = module.Psycopg3Adapter
    adapter.txn_idle = TransactionStatus.IDLE
    adapter.txn_inerror = TransactionStatus.INERROR
    adapter.txn_unknown = TransactionStatus.UNKNOWN
    module.psycopg = psycopg
