"""peewee, loaded without psycopg, which a ledger in a SQLite file has no use for.

peewee imports each driver that it finds, and psycopg takes three times as long as peewee itself:
100 ms of every script's start wherever both are installed. `use_psycopg` gives it the driver.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec


class _NotNow:
    """Does not find some modules, for the thread that made it: others may import them."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self._thread = threading.get_ident()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name in self._names and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is not needed here", name=name)
        return None


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Let what is imported within do without those modules, as if they were not installed."""
    finder = _NotNow(*names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


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
