"""One connection that hears when somebody commits to the ledger's database.

It is opened anew when it is lost. What was committed meanwhile is not told of, so that those who
watch are made to look then, and now and then besides.
"""

from __future__ import annotations

import logging
import selectors
import socket
import threading

import psycopg

from headrace_service.ledger.database.backend import Watch

logger = logging.getLogger("headrace_service.ledger")

CHANNEL = "headrace"

#: Seconds after which who watches looks anyhow.
ANYHOW = 2.0
#: Seconds between two attempts to connect.
RETRY = 0.5


class Listener:
    """Listens from a thread of its own, until it is closed.

    Args:
        url: where the database is.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        #: How often there was something to look for.
        self.heard = 1
        self._closed = threading.Event()
        self._bell, self._door = socket.socketpair()  # rung when it is closed
        self._thread = threading.Thread(target=self._run, name="headrace-listen", daemon=True)
        self._thread.start()

    def watch(self) -> Watch:
        """What tells whether something was heard since its last look."""
        return _Heard(self)

    def close(self) -> None:
        """End the connection and the thread."""
        self._closed.set()
        self._bell.close()
        self._thread.join()
        self._door.close()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                with psycopg.connect(
                    self._url, autocommit=True, application_name="headrace-listen"
                ) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._listen(connection)
            except psycopg.Error as error:
                logger.warning("not told of commits until the database answers: %s", error)
                self.heard += 1
                self._closed.wait(RETRY)

    def _listen(self, connection: psycopg.Connection) -> None:
        self.heard += 1  # of what was committed before
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self._door, selectors.EVENT_READ)
            while not self._closed.is_set():
                said = selector.select(ANYHOW)
                if not said or list(connection.notifies(timeout=0)):
                    self.heard += 1


class _Heard(Watch):
    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._seen = 0

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        """The listener is shared."""

    def changed(self) -> bool:
        heard, seen = self._listener.heard, self._seen
        self._seen = heard
        return heard != seen
