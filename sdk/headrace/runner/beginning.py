"""The two ends of a run's process at which the ledger has the word.

Before it runs anything of the user's it asks for the run: what was claimed may have been given
back meanwhile, or another process of the same claim may have it. And it stays until the ledger
knows what has become of the run. So, however often messages are lost, no attempt is executed twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from headrace.exceptions import ServiceUnreachable
from headrace.recorder import NotGiven, Recorder, Settled, TransportAway, get_recorder
from headrace.records import ClaimLoss, RunClaim, StateType
from headrace.runner.jobs import Job

T = TypeVar("T")

#: Seconds for which a service that is away is waited for, at either end.
PATIENCE = 300.0
#: Seconds between tries: the first time, and at most.
RETRY, RETRY_MOST = 0.1, 2.0
#: Seconds that one try at the end may take.
TRY = 15.0

logger = logging.getLogger("headrace.runner")


def begin(job: Job, on_loss: Callable[[ClaimLoss], object]) -> Recorder | None:
    """Ask for the run.

    Args:
        job: the run.
        on_loss: what is to be done when it is no longer this process's; see `Recorder.begin`.

    Returns:
        What the run is to be recorded by; None when it is not this process's.

    Raises:
        SystemExit: somebody wants it cancelled, and its host says that it is.
        ServiceUnreachable, TransportAway: nobody has answered for minutes.
    """
    recorder = insist(get_recorder)
    try:
        claim = RunClaim(job.flow_run_id, job.epoch)
        state = insist(lambda: recorder.begin(claim, on_loss))
    except NotGiven as reason:
        logger.warning("Run %r is not executed here: %s", job.name, reason)
        return None
    if state is StateType.CANCELLING:
        raise SystemExit(1)
    return recorder


def settle(recorder: Recorder, job: Job) -> None:
    """Wait until the ledger has all that was recorded; what it does not get is on disk then."""
    if recorder.flush(TRY) is Settled.ACKNOWLEDGED:
        return
    logger.warning("Run %r is over, and stays until that is recorded", job.name)
    deadline, pause = time.monotonic() + PATIENCE, RETRY
    while recorder.flush(TRY) is not Settled.ACKNOWLEDGED and time.monotonic() < deadline:
        time.sleep(pause)
        pause = min(2 * pause, RETRY_MOST)


def insist(ask: Callable[[], T]) -> T:
    """Ask until somebody answers, for minutes.

    Args:
        ask: asks once.

    Raises:
        ServiceUnreachable, TransportAway: nobody has answered for so long.
    """
    deadline, pause = time.monotonic() + PATIENCE, RETRY
    while True:
        try:
            return ask()
        except (ServiceUnreachable, TransportAway):
            if time.monotonic() > deadline:
                raise
        time.sleep(pause)
        pause = min(2 * pause, RETRY_MOST)
