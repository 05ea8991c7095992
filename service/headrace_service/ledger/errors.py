"""What can go wrong with a ledger.

LedgerError
├── LedgerUnusable        the file cannot be opened, read or written; the message says why
│   └── LedgerVersion     the file was written by another version of headrace
├── InvalidBatch          a batch as a whole makes no sense; nothing of it was taken
├── OutOfOrder            a batch is missing before this one; nothing of it was taken
├── InvalidCursor         a cursor that this ledger never gave
├── CursorExpired         what came after a cursor has been deleted since
├── Refused               a verb did nothing, and the caller can mend it
│   ├── NotFound          what it is about is not there
│   ├── Conflict          what it asks for does not go with what is there
│   └── InvalidInput      what it was given makes no sense
└── TookTooLong           a query was stopped
"""

from __future__ import annotations


class LedgerError(Exception):
    """The root of the ledger's errors."""


class LedgerUnusable(LedgerError):
    """The ledger's file cannot be opened, read or written."""


class LedgerVersion(LedgerUnusable):
    """The ledger's file was written by a version of headrace that this one cannot work with."""


class InvalidBatch(LedgerError):
    """A batch as a whole makes no sense. `field` is the path of what is wrong."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class OutOfOrder(LedgerError):
    """A batch of the stream is missing before this one; `expected` is the number due next."""

    def __init__(self, expected: int, number: int) -> None:
        super().__init__(f"batch {number} came before batch {expected}")
        self.expected = expected


class InvalidCursor(LedgerError):
    """A cursor that this ledger never gave: it is newer than the newest row."""


class CursorExpired(LedgerError):
    """Some of what came after a cursor has been deleted; after `oldest`, nothing has."""

    def __init__(self, after: int, oldest: int) -> None:
        super().__init__(
            f"what followed {after} was deleted up to {oldest}; read anew what you show, and go on "
            "after the feedCursor of that"
        )
        self.oldest = oldest


class Refused(LedgerError):
    """A verb did nothing. `field` is the path of the input that is wrong, if it is one."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotFound(Refused):
    """What the verb is about is not there."""


class Conflict(Refused):
    """What is asked for does not go with what is there.

    `revision` is the one that a thing is at, where somebody else has edited it.
    """

    def __init__(self, message: str, field: str | None = None, revision: int | None = None) -> None:
        super().__init__(message, field)
        self.revision = revision


class InvalidInput(Refused):
    """What was given makes no sense."""


class TookTooLong(LedgerError):
    """A query was stopped since it took longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it took too long, more than {seconds:g} s; narrow the filter")
        self.seconds = seconds
