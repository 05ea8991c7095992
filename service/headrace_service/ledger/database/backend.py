"""What a database has to offer for a ledger to be kept in it."""

from __future__ import annotations

import abc
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import peewee

from headrace_service.ledger.errors import LedgerUnusable

T = TypeVar("T")


class Watch(abc.ABC):
    """Tells whether somebody has committed since the last look, in this process or in another.

    Used in a `with` block. A look takes microseconds and waits for nothing, so that it needs no
    thread of its own.
    """

    @abc.abstractmethod
    def __enter__(self) -> Watch: ...

    @abc.abstractmethod
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    @abc.abstractmethod
    def changed(self) -> bool:
        """Whether somebody has; True at the first look, and whenever it is not known."""


class Backend(abc.ABC):
    """One place at which a ledger is kept.

    Attributes:
        name: how people know the place; no password is in it.
        spool: the folder in which processes that use the ledger leave what they could not deliver,
            as far as the place tells.
        errors: the exceptions that its databases raise.
    """

    name: str
    spool: Path | None
    errors: tuple[type[Exception], ...]

    # -- connections -----------------------------------------------------------------------------

    @abc.abstractmethod
    def writing(self) -> peewee.Database:
        """The database for the writer's thread; not yet connected."""

    @abc.abstractmethod
    def reading(self, timeout: float | None) -> peewee.Database:
        """The database for readers, which cannot write; each thread connects for itself.

        `timeout` is after how many seconds what it does is stopped; None is never.
        """

    @abc.abstractmethod
    def watch(self) -> Watch:
        """What tells of commits."""

    @abc.abstractmethod
    def close(self) -> None:
        """Give back what watches share. Calling it again does nothing."""

    # -- the writer's transactions ----------------------------------------------------------------

    @abc.abstractmethod
    def begin(self, db: peewee.Database) -> None:
        """Begin the one transaction that writes now, of all processes; waits for its turn."""

    @abc.abstractmethod
    def commit(self, db: peewee.Database) -> None:
        """Commit it, and let all who watch know.

        Raises:
            LedgerUnusable: it is not known whether it was committed.
        """

    def insist(self, action: Callable[[], T]) -> T:
        """Do `action`, again and again while somebody else holds what it needs for a moment.

        Raises:
            Whatever `action` raises for another reason.
        """
        while True:
            try:
                return action()
            except self.errors as error:
                if not self.is_locked(error):
                    raise
                time.sleep(0.005)  # the database has waited already; some answers come at once

    @abc.abstractmethod
    def alone(self, db: peewee.Database) -> AbstractContextManager[object]:
        """A transaction like that of `begin`, for the tables themselves to be changed in."""

    # -- versions --------------------------------------------------------------------------------

    @abc.abstractmethod
    def version(self, db: peewee.Database) -> int:
        """The number of the newest step that the tables have gone through; 0 when there are none.

        Raises:
            LedgerVersion: the tables are some other program's.
        """

    @abc.abstractmethod
    def set_version(self, db: peewee.Database, version: int) -> None:
        """Note that the tables have gone through that step."""

    @abc.abstractmethod
    def size(self, db: peewee.Database) -> int:
        """How many bytes the ledger takes."""

    @abc.abstractmethod
    def unused(self, db: peewee.Database) -> int:
        """How many of those bytes wait for new rows, as far as that is known."""

    # -- upkeep ----------------------------------------------------------------------------------

    @abc.abstractmethod
    def is_there(self) -> bool:
        """Whether there is something to connect to."""

    @abc.abstractmethod
    def copy(self, db: peewee.Database, target: Path) -> None:
        """Copy the ledger, as it is at one moment, into a new file.

        Raises:
            LedgerUnusable: it is copied by other means, or the copy is broken.
        """

    @abc.abstractmethod
    def compact(self, db: peewee.Database) -> None:
        """Give back the room of what was deleted."""

    # -- what went wrong ---------------------------------------------------------------------------

    @abc.abstractmethod
    def explain(self, error: Exception) -> LedgerUnusable:
        """One clear line for what the database said."""

    @abc.abstractmethod
    def is_locked(self, error: BaseException) -> bool:
        """Whether somebody else held what was needed, and trying again may help."""

    @abc.abstractmethod
    def is_lost(self, error: BaseException) -> bool:
        """Whether the connection is gone, and everything that was not committed with it."""

    @abc.abstractmethod
    def is_stopped(self, error: BaseException) -> bool:
        """Whether a query was stopped since it took too long."""

    @staticmethod
    @abc.abstractmethod
    def spoils_all(error: BaseException) -> bool:
        """Whether an error is the whole transaction's, not only that of the job it came up in."""
