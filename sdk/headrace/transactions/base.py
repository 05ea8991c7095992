"""A transaction's life, as steps that are the same for synchronous and asynchronous code."""

from __future__ import annotations

import contextlib
import copy
import logging
import threading
from collections.abc import Callable
from contextvars import Token
from typing import TYPE_CHECKING, Any

from headrace.context import CURRENT_TRANSACTION
from headrace.drivers import Ask, Either, Lifecycle, Work
from headrace.exceptions import ConfigurationError, SerializationError
from headrace.ids import new_id
from headrace.logging import get_logger
from headrace.transactions.modes import CommitMode, IsolationLevel, TransactionState
from headrace.utilities.annotations import NotSet

if TYPE_CHECKING:
    from headrace.results import ResultRecord, ResultStore

    Logger = logging.Logger | logging.LoggerAdapter[Any]

#: Called with the transaction that is committed or rolled back.
TransactionHook = Callable[[Any], object]

_ENDED = (TransactionState.COMMITTED, TransactionState.ROLLED_BACK)


class BaseTransaction:
    """What synchronous and asynchronous transactions have in common; see `transaction`.

    Attributes:
        state: how far it has come.
        children: the transactions within it that have left their end to it.
    """

    def __init__(
        self,
        store: ResultStore | None = None,
        key: str | None = None,
        commit_mode: CommitMode | None = None,
        isolation_level: IsolationLevel | None = IsolationLevel.READ_COMMITTED,
        overwrite: bool = False,
        write_on_commit: bool = True,
        logger: Logger | None = None,
        parent: BaseTransaction | None = None,
        make_key: Callable[[], str | None] | None = None,
        is_kept: bool | None = None,
    ) -> None:
        self.store = store
        self._key = key
        self._make_key = make_key
        #: Whether something is kept under the key, where whoever made it has looked already.
        self._known_as_kept = is_kept
        self.commit_mode = commit_mode
        self.isolation_level = isolation_level
        self.overwrite = overwrite
        self.write_on_commit = write_on_commit
        self.logger: Logger = logger or get_logger("transactions")
        self.state = TransactionState.PENDING
        self.children: list[BaseTransaction] = []
        self.on_commit_hooks: list[TransactionHook] = []
        self.on_rollback_hooks: list[TransactionHook] = []
        self._parent = parent
        self._values: dict[str, Any] = {}
        self._staged: object = None
        #: The name that it has the key locked by.
        self.holder = str(new_id())
        self._locked = False
        self._left = False
        #: What kept it from committing, if something did.
        self.failure: Exception | None = None
        self._token: Token[BaseTransaction | None] | None = None
        #: Taken by whoever rolls it back: threads of its tasks may want to at the same time.
        self._rolling_back = threading.Lock()

    @property
    def key(self) -> str | None:
        """What its value is kept under, or would be if it were kept."""
        if self._make_key is not None:
            self._key, self._make_key = self._make_key(), None
        return self._key

    def set(self, name: str, value: object) -> None:
        """Keep a value in the transaction, for its hooks and for those within it."""
        self._values[name] = value

    def get(self, name: str, default: Any = NotSet) -> Any:
        """A copy of a value kept in this transaction, or in the nearest one around it.

        Raises:
            ValueError: there is none, and no default.
        """
        holder: BaseTransaction | None = self
        while holder is not None:
            if name in holder._values:
                return copy.deepcopy(holder._values[name])
            holder = holder._parent
        if default is NotSet:
            raise ValueError(f"Could not retrieve value for unknown key: {name}")
        return default

    def is_committed(self) -> bool:
        """Whether it has committed, or had nothing to do since its key was there."""
        return self.state is TransactionState.COMMITTED

    def is_rolled_back(self) -> bool:
        """Whether it was undone."""
        return self.state is TransactionState.ROLLED_BACK

    def is_staged(self) -> bool:
        """Whether what it is to keep is there."""
        return self.state is TransactionState.STAGED

    def is_pending(self) -> bool:
        """Whether it has not begun."""
        return self.state is TransactionState.PENDING

    def is_active(self) -> bool:
        """Whether it goes on."""
        return self.state is TransactionState.ACTIVE

    def stage(
        self,
        value: object,
        on_rollback_hooks: list[TransactionHook] | None = None,
        on_commit_hooks: list[TransactionHook] | None = None,
    ) -> None:
        """Give what is to be kept under the key at the commit, and hooks to call then or else."""
        if self.state is TransactionState.COMMITTED:
            return
        self._staged = value
        self.on_rollback_hooks += on_rollback_hooks or []
        self.on_commit_hooks += on_commit_hooks or []
        self.state = TransactionState.STAGED

    def add_child(self, transaction: BaseTransaction) -> None:
        """Take over the end of a transaction."""
        self.children.append(transaction)

    def get_parent(self) -> BaseTransaction | None:
        """The transaction around this one."""
        return self._parent

    @classmethod
    def get_active(cls) -> BaseTransaction | None:
        """The innermost transaction that this code runs in."""
        from headrace.transactions import get_transaction  # of a class that is based on this one

        return get_transaction()

    def _enter(self) -> Lifecycle[None]:
        if self._token is not None:
            raise RuntimeError("Context already entered. Context enter calls cannot be nested.")
        self._parent = self.get_active()
        yield from self.begin_steps()
        self.make_current()

    def make_current(self) -> None:
        """Let this be the innermost transaction of the code that goes on here."""
        self._token = CURRENT_TRANSACTION.set(self)

    def step_back(self) -> None:
        """Let the one around it be that again."""
        if self._token is not None:
            # A coroutine that was dropped is closed in a context that is not its own.
            with contextlib.suppress(ValueError):
                CURRENT_TRANSACTION.reset(self._token)
            self._token = None

    def begin_steps(self) -> Lifecycle[None]:
        """Inherit, lock, and see whether the key is there already."""
        parent = self._parent
        if self.commit_mode is None:
            inherited = None if parent is None else parent.commit_mode
            self.commit_mode = inherited or CommitMode.LAZY
        if self.isolation_level is None:
            level = None if parent is None else parent.isolation_level
            self.isolation_level = level or IsolationLevel.READ_COMMITTED
        self.state = TransactionState.ACTIVE
        if self.store is None or not self.key:
            return
        if not self.store.supports_isolation_level(self.isolation_level):
            raise ConfigurationError(
                f"Isolation level {self.isolation_level.name} is not supported by provided "
                "configuration. Please ensure you've provided a lock file directory or lock "
                "manager when using the SERIALIZABLE isolation level."
            )
        if self.isolation_level is IsolationLevel.SERIALIZABLE:
            self.logger.debug("Acquiring lock for transaction %r", self.key)
            locks = self.store
            yield Either(locks.acquire_lock, locks.aacquire_lock, self.key, self.holder)
            self._locked = True
            self._known_as_kept = None  # another one may have kept something meanwhile
        if not self.overwrite and (yield Work(self._is_kept)):
            self.state = TransactionState.COMMITTED

    def _is_kept(self) -> bool:
        if self._known_as_kept is not None:
            return self._known_as_kept
        return self.store is not None and self.key is not None and self.store.exists(self.key)

    def _read_kept(self) -> ResultRecord[Any] | None:
        if self.store is None or not self.key:
            return None
        return self.store.read(self.key, self.holder)

    def _keep(self) -> None:
        from headrace.results import ResultRecord

        if self.store is None or not self.key or not self.write_on_commit:
            return
        if isinstance(self._staged, ResultRecord):
            self.store.persist_result_record(self._staged, self.holder)
        else:
            self.store.write(self._staged, self.key, holder=self.holder)

    def commit_steps(self) -> Lifecycle[bool]:
        """Commit what is within, call the hooks, keep the value; or undo all if that fails."""
        if self.state in _ENDED:
            self.unlock()
            return False
        try:
            for child in self.children:
                yield from child.commit_steps()
            for hook in self.on_commit_hooks:
                yield from self._call(hook, "commit")
            yield Work(self._keep)
        except Exception as error:  # hooks are the user's, and storages fail
            self.failure = error
            self._tell_of_failed_commit(error)
            yield from self.rollback_steps()
            return False
        self.state = TransactionState.COMMITTED
        self.unlock()
        return True

    def _tell_of_failed_commit(self, error: Exception) -> None:
        if isinstance(error, SerializationError):
            self.logger.warning(
                "Encountered an error while serializing result for transaction %r: %s"
                " Code execution will continue, but the transaction will not be committed.",
                self.key,
                error,
            )
        else:
            self.logger.error(
                "An error was encountered while committing transaction %r",
                self.key,
                exc_info=error,
            )

    def rollback_steps(self) -> Lifecycle[bool]:
        """Call the hooks that undo it, the last first, and those of what is within."""
        if self.state in _ENDED or not self._rolling_back.acquire(blocking=False):
            return False
        try:
            for hook in reversed(self.on_rollback_hooks):
                yield from self._call(hook, "rollback")
            self.state = TransactionState.ROLLED_BACK
            for child in reversed(self.children):
                yield from child.rollback_steps()
            return True
        except Exception as error:  # hooks are the user's
            self.logger.error(
                "An error was encountered while rolling back transaction %r",
                self.key,
                exc_info=error,
            )
            return False
        finally:
            self.unlock()

    def _call(self, hook: TransactionHook, kind: str) -> Lifecycle[None]:
        tells = getattr(hook, "log_on_run", True)
        name = getattr(hook, "__name__", type(hook).__name__)
        if tells:
            self.logger.info("Running %s hook %r", kind, name)
        try:
            yield Ask(hook, self)
        except Exception:
            if tells:
                message = "An error was encountered while running %s hook %r"
                self.logger.error(message, kind, name)
            raise
        if tells:
            message = "%s hook %r finished running successfully"
            self.logger.info(message, kind.capitalize(), name)

    def leave_steps(self, error: BaseException | None = None) -> Lifecycle[None]:
        """Commit, undo, or leave that to the transaction around this one."""
        if error is not None:
            yield from self.rollback_steps()
        elif self.commit_mode is CommitMode.EAGER:
            yield from self.commit_steps()
        if error is None and self._parent is None:
            if self.commit_mode is CommitMode.OFF:
                yield from self.rollback_steps()
            elif self.commit_mode is CommitMode.LAZY:
                yield from self.commit_steps()
        self._left = True
        yield from self._hand_over()

    def _hand_over(self) -> Lifecycle[None]:
        parent = self._parent
        if parent is None:
            return
        if parent._left:  # it has ended without waiting for this one, which ends the same way
            if parent.is_committed():
                yield from self.commit_steps()
            else:
                yield from self.rollback_steps()
            return
        parent.add_child(self)
        if self.is_rolled_back():
            yield from parent.rollback_steps()

    def reopen(self) -> None:
        """Go on although something is kept under the key: it cannot be used."""
        self.state = TransactionState.ACTIVE

    def unlock(self) -> None:
        """Let others have the key."""
        if self._locked and self.store is not None and self.key is not None:
            self._locked = False
            self.logger.debug("Releasing lock for transaction %r", self.key)
            self.store.release_lock(self.key, self.holder)
