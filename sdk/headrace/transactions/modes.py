"""How transactions go, and how far they have come."""

from __future__ import annotations

from headrace.utilities.collections import AutoEnum


class IsolationLevel(AutoEnum):
    """What transactions with one key see of each other."""

    READ_COMMITTED = AutoEnum.auto()  #: what was committed when they began
    SERIALIZABLE = AutoEnum.auto()  #: one begins once the other has ended


class CommitMode(AutoEnum):
    """When a transaction commits."""

    EAGER = AutoEnum.auto()  #: at its own end
    LAZY = AutoEnum.auto()  #: at the end of the outermost one around it
    OFF = AutoEnum.auto()  #: when `commit()` is called, or else never: it is rolled back


class TransactionState(AutoEnum):
    """How far a transaction has come."""

    PENDING = AutoEnum.auto()  #: it has not begun
    ACTIVE = AutoEnum.auto()
    STAGED = AutoEnum.auto()  #: what it is to keep is there
    COMMITTED = AutoEnum.auto()
    ROLLED_BACK = AutoEnum.auto()
