"""Sending what earlier processes could not: their spools, found in the spool folder."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from headrace.exceptions import SetupError
from headrace.recorder.batches import Batch, replayed
from headrace.recorder.delivery import Delivery
from headrace.recorder.spool import Spool, leftovers
from headrace.recorder.transport import Transport, TransportAway

logger = logging.getLogger("headrace.recorder")

#: Seconds between tries when the service goes away again.
RETRY = 2.0


class LeftoverReplay:
    """Replays the spools of dead processes, in the background.

    Args:
        folder: where spools are.
        make_transport: makes a transport of the replay's own.
    """

    def __init__(self, folder: Path, make_transport: Callable[[], Transport]) -> None:
        self._folder = folder
        self._make_transport = make_transport
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, if there is anything to look at."""
        if next(leftovers(self._folder), None) is None:
            return
        self._thread = threading.Thread(target=self._run, name="headrace-leftovers", daemon=True)
        self._thread.start()

    def stop(self, patience: float) -> None:
        """Wait `patience` seconds for the end, then give up; what is not sent stays on disk."""
        if self._thread is None:
            return
        self._thread.join(patience)
        self._stopping.set()
        self._thread.join(1.0)  # at most the answer to one batch is waited for

    def _run(self) -> None:
        transport = self._make_transport()
        try:
            for path in leftovers(self._folder):
                spool = Spool.adopt(path, transport.target)
                if spool is None:
                    continue
                try:
                    self._replay(spool, transport)
                finally:
                    spool.close()
                if self._stopping.is_set():
                    return
        except Exception:  # the process's own records are not to suffer
            logger.exception("records of an earlier process stay in %s", self._folder)
        finally:
            transport.close()

    def _replay(self, spool: Spool, transport: Transport) -> None:
        delivery = Delivery(transport, self._folder)
        records = spool.records
        while not self._stopping.is_set() and (first := spool.first()) is not None:
            payload, count = first
            try:
                delivery.deliver(Batch(replayed(payload), count))
            except (TransportAway, SetupError):
                self._stopping.wait(RETRY)
            else:
                spool.drop_first()
        if records and not spool:
            logger.info("%d records of an earlier process were sent", records)
