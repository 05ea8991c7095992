"""peewee, loaded without psycopg, which a ledger in a SQLite file has no use for.

peewee imports each driver that it finds, and psycopg takes three times as long as peewee itself:
100 ms of every script's start wherever both are installed. `use_psycopg` gives it the driver.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

from headrace.omitting import without

_FIRST = "peewee" not in sys.modules
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


def _find_driver_when_wanted() -> None:
    """Let a program's own `PostgresqlDatabase` find psycopg, as if it had loaded peewee itself."""
    database: Any = peewee.PostgresqlDatabase
    init = database.init

    def init_with_driver(self: Any, *args: Any, **options: Any) -> None:
        with suppress(ImportError):
            use_psycopg()
        init(self, *args, **options)

    database.init = init_with_driver


if _FIRST:
    _find_driver_when_wanted()
