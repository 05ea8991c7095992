"""Starting, watching and killing the processes of the fault tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import peewee

from headrace_service.ledger import Ledger
from headrace_service.ledger.models import Log
from tests.recorder_kit import PATIENCE


class Process:
    """A program of `tests.faults.programs`, running."""

    def __init__(self, environment: Mapping[str, str], *command: str) -> None:
        self._end: tuple[str, str] | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.programs", *command],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def hear(self) -> str:
        """The next line that it says."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            out, err = self.finish()
            raise AssertionError(f"it has ended: {out}\n{err}")
        return line.strip()

    def tell(self) -> None:
        """Let it go on."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def finish(self) -> tuple[str, str]:
        """End its standard input, wait for its end, and return what it wrote to either output."""
        if self._end is None:
            out, err = self._process.communicate(timeout=3 * PATIENCE)
            self._end = out.strip(), err.strip()
        return self._end

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, if it has not ended, and wait until it is gone."""
        self._process.kill()
        self.finish()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """The exit code."""
        return self._process.poll()


@contextmanager
def running(environment: Mapping[str, str], *command: str) -> Iterator[Process]:
    """A process that does not outlive the test."""
    process = Process(environment, *command)
    try:
        yield process
    finally:
        process.kill()


class Service:
    """A service process on a ledger, which can be killed and started again."""

    def __init__(self, place: Path | str) -> None:
        self._place = place
        self._process = Process({}, "serve", str(place), "0")
        self.url = self._heard_address()

    @property
    def path(self) -> Path:
        """The ledger's file."""
        assert isinstance(self._place, Path)
        return self._place

    @property
    def environment(self) -> dict[str, str]:
        """What makes a script report to it."""
        return {"HEADRACE_API_URL": self.url}

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    def signal(self, number: int) -> None:
        """Send its process a signal."""
        self._process.signal(number)

    def restart(self) -> None:
        """Start it again at the same address, once its process has ended."""
        self._process.finish()
        port = self.url.rsplit(":", 1)[1]
        self._process = Process({}, "serve", str(self._place), port)
        assert self._heard_address() == self.url

    def _heard_address(self) -> str:
        """What it says once it answers; one that says nothing does not stay behind."""
        try:
            return self._process.hear()
        except BaseException:
            self._process.kill()
            raise


def recorded(path: Path) -> list[str]:
    """The messages of all log lines in a ledger file, which must be sound, in order."""

    def query(db: peewee.Database) -> list[str]:
        assert db.execute_sql("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = Log.select(Log.message).order_by(Log.seq).tuples().execute(db)
        return [message for (message,) in rows]

    ledger = Ledger.open(path)
    try:
        return ledger.read(query).result()
    finally:
        ledger.close()


def repeated(messages: list[str]) -> list[str]:
    """Those that are there more than once."""
    return [message for message, count in Counter(messages).items() if count > 1]
