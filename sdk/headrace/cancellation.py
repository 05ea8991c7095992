"""Which flow runs of this process can be cancelled, and how: what the ledger asks for reaches them.

A run that a worker has started is ended by its worker. All others hear of it here: the answer to
what their process records, or to its next heartbeat, names them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from uuid import UUID

#: What asks a flow run that has not ended to end, by the run's id.
_runs: dict[UUID, Callable[[], object]] = {}


def expect(run_id: UUID, cancel: Callable[[], object]) -> None:
    """A flow run has begun. `cancel` asks it to end; it must return at once, in any thread."""
    _runs[run_id] = cancel


def forget(run_id: UUID) -> None:
    """A flow run has ended."""
    _runs.pop(run_id, None)


def cancel(run_ids: Iterable[UUID]) -> None:
    """Ask those of the flow runs to end that have not ended. Asking again is safe."""
    for run_id in run_ids:
        if (ask := _runs.get(run_id)) is not None:
            ask()


os.register_at_fork(after_in_child=_runs.clear)  # they are the parent's
