"""The seam between the recorder and what keeps the records: a transport.

There are two: `http` posts batches to a service, `embedded` hands them to a ledger in this process.
Everything above the seam (order, batches, retries, the spool) is the same for both.
"""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from headrace.records import BatchAck, ProcessInfo, RunClaim, StateType


class TransportAway(Exception):
    """What keeps the records cannot be reached, or had no answer in time: try again later.

    The batch may or may not have been taken. Sending it again is safe: a batch that was taken
    before is acknowledged again and changes nothing. `answers` tells whether somebody is there, who
    cannot take it now.
    """

    def __init__(self, message: str, *, answers: bool = False) -> None:
        super().__init__(message)
        self.answers = answers


class TransportStumbled(TransportAway):
    """The other side is there, but failed over this very batch: a fault of its own.

    Worth trying again a few times; a batch that it fails over every time must not hold up those
    behind it for ever.
    """


class TransportRefused(Exception):
    """A batch was refused as a whole, and would be again.

    `code` is the refusal's short name, such as `InvalidInput`.
    """

    def __init__(self, message: str, code: str = "InvalidInput") -> None:
        super().__init__(message)
        self.code = code


class StreamGap(TransportRefused):
    """A batch's number leaves a hole in its stream; number `expected` is to come first."""

    def __init__(self, message: str, expected: int) -> None:
        super().__init__(message, "OutOfOrder")
        self.expected = expected


class NotGiven(Exception):
    """A claimed run is not this process's to execute; the message says why."""


class Transport(Protocol):
    """Brings encoded batches to a ledger, one at a time."""

    @property
    def target(self) -> str:
        """The address of what the records go to; spooled batches only ever go to the same one."""

    def connect(self) -> None:
        """Make sure, in one try, that a ledger of a fitting version is there.

        Raises:
            TransportAway: nobody answers now; that may change.
            SetupError: something is wrong that waiting does not mend.
        """

    def send(self, payload: bytes) -> BatchAck:
        """Hand over one batch, encoded as JSON, and wait until it is committed.

        Raises:
            TransportAway: there was no answer; the batch may have been taken.
            TransportStumbled: the ledger failed over this batch.
            StreamGap: earlier batches of the stream are missing.
            TransportRefused: the batch as a whole is not acceptable.
        """

    def begin(self, claim: RunClaim, client_id: UUID, process: ProcessInfo) -> StateType:
        """Ask, in one try, for a run that was claimed. Asking again is safe.

        Args:
            claim: the run, and the claim that this process was started for.
            client_id: the stream that it will record by.
            process: this process.

        Returns:
            The type of the run's state: PENDING, or CANCELLING when it is to end before it begins.

        Raises:
            NotGiven: it was claimed anew, has ended, or another process has it.
            TransportAway: there was no answer.
            AccessDenied: this process may not have runs.
        """

    def close(self) -> None:
        """Let go of connections. A later `connect` or `send` opens them again."""
