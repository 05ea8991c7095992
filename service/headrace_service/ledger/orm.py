"""peewee, loaded without psycopg, which a ledger in a SQLite file has no use for.

peewee imports each driver that it finds, and psycopg takes three times as long as peewee itself:
100 ms of every script's start wherever both are installed. `use_psycopg` gives it the driver.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import threading
from collections.abc import Sequence
from types import ModuleType
from typing import Any


class _NotNow(importlib.abc.MetaPathFinder):
    """Finds no psycopg, for the thread that made it: others may import it for themselves."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name == "psycopg" and threading.get_ident() == self._thread:
            raise ModuleNotFoundError("psycopg is not needed here", name=name)
        return None


_finder = _NotNow()
sys.meta_path.insert(0, _finder)
try:
    import peewee
finally:
    sys.meta_path.remove(_finder)


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
