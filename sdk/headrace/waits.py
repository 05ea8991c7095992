"""Who waits for whom, so that a wait that could never end is an error instead of a hang."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence

from headrace.context import CURRENT_RUN, LiveTaskRun
from headrace.exceptions import CircularWaitError

_lock = threading.Lock()

#: The task runs that a task run's code waits for right now.
_waits: dict[LiveTaskRun, list[Sequence[LiveTaskRun]]] = {}


@contextlib.contextmanager
def waiting_for(*targets: LiveTaskRun) -> Iterator[None]:
    """To be held while the code that runs here waits, for as long as it takes, for `targets`.

    Raises:
        CircularWaitError: one of them waits for the run that this code belongs to.
    """
    waiters = _held_up()
    if not waiters:
        yield
        return
    with _lock:
        _refuse_circle(waiters, targets)
        for waiter in waiters:
            _waits.setdefault(waiter, []).append(targets)
    try:
        yield
    finally:
        with _lock:
            for waiter in waiters:
                _waits[waiter].remove(targets)
                if not _waits[waiter]:
                    del _waits[waiter]


def _held_up() -> list[LiveTaskRun]:
    """The task runs that cannot end before the code that runs here goes on: those that called it.

    A flow run is not among them: nobody can wait for its future.
    """
    found = []
    run = CURRENT_RUN.get()
    while run is not None:
        if isinstance(run, LiveTaskRun):
            found.append(run)
            run = None if run.submitted else run.caller
        else:
            run = run.parent_task_run or run.parent
    return found


def _refuse_circle(waiters: Sequence[LiveTaskRun], targets: Sequence[LiveTaskRun]) -> None:
    # Each run that the targets need, with the one that needs it.
    needed_by: dict[LiveTaskRun, LiveTaskRun | None] = dict.fromkeys(targets)
    open_ends = list(targets)
    while open_ends:
        run = open_ends.pop()
        if run in waiters:
            raise CircularWaitError(_told(waiters[0], run, needed_by))
        for needed in _needs(run):
            if needed not in needed_by:
                needed_by[needed] = run
                open_ends.append(needed)


def _needs(run: LiveTaskRun) -> list[LiveTaskRun]:
    """What a run waits for: in its code, or before it starts."""
    upstream = run.upstream
    before = () if upstream is None else upstream.futures
    within = [target for targets in _waits.get(run, ()) for target in targets]
    return [*within, *(future.run for future in before if not future.done())]


def _told(
    waiter: LiveTaskRun,
    end: LiveTaskRun,
    needed_by: dict[LiveTaskRun, LiveTaskRun | None],
) -> str:
    names = []
    run: LiveTaskRun | None = end
    while run is not None:
        names.append(f"'{run.name}'")
        run = needed_by[run]
    flow = "" if waiter.flow_run is None else f" in flow run '{waiter.flow_run.name}'"
    chain = ", which waits for ".join([f"'{waiter.name}' waits for {names[-1]}", *names[-2::-1]])
    return (
        f"task run '{waiter.name}' of task '{waiter.task.name}'{flow} waits for its own end, "
        f"which would never come: {chain}; take its future out of what it waits for"
    )


def _after_fork_in_child() -> None:
    global _lock
    _lock = threading.Lock()
    _waits.clear()  # those who wait do so in the parent


os.register_at_fork(after_in_child=_after_fork_in_child)
