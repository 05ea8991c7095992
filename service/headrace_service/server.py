"""The service as a process, or as a thread of another one."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import uvicorn

from headrace_service.app import DEFAULTS, create_app
from headrace_service.ledger import Ledger
from headrace_service.ledger.keep import Keep
from headrace_service.ledger.tokens import tokens
from headrace_service.protocol import Protocol
from headrace_service.reach import Reach
from headrace_service.settings import ServiceSettings, url_at

logger = logging.getLogger("headrace_service")

#: Seconds that open requests get to end once the service is to stop.
GRACE = 5


#: Bytes of a websocket's message at most: an operation's, since batches go by POST.
MAX_MESSAGE = 1024 * 1024


class CannotListen(Exception):
    """The address cannot be listened on; the message says why."""


class NoToken(CannotListen):
    """It would be reached from elsewhere, and there is no token to tell who asks."""


class AddressInUse(CannotListen):
    """Somebody listens on the address already."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket.

    Args:
        host: a name or an address.
        port: the port; 0 takes a free one.

    Raises:
        AddressInUse: somebody listens there already.
        CannotListen: the address is not this machine's, or may not be used.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise CannotListen(f"cannot listen on {host}: {error.strerror or error}") from None
    listener = socket.socket(family, kind, protocol)
    try:
        # A port that a service has just left can be taken again at once; one in use cannot.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressInUse(
                f"port {port} on {host} is in use; choose another one with --port"
            ) from None
        reason = error.strerror or str(error)
        raise CannotListen(f"cannot listen on {host} port {port}: {reason}") from None
    listener.setblocking(False)
    return listener


def url_of(listener: socket.socket, host: str) -> str:
    """The address at which a browser on this machine finds the service."""
    return url_at(host, listener.getsockname()[1])


class Server(uvicorn.Server):
    """uvicorn, but it wakes once a second when idle, and ends with 0 when told to by a signal.

    Args:
        ledger: an open ledger; the caller closes it.
        listener: a listening socket.
        settings: from where it is reached, and all else that can be set.
        on_ready: called in the event loop once requests are answered.
        own_token: see `create_app`.
    """

    def __init__(
        self,
        ledger: Ledger,
        listener: socket.socket,
        settings: ServiceSettings,
        on_ready: Callable[[], None] = lambda: None,
        own_token: str | None = None,
    ) -> None:
        app = create_app(ledger, settings, own_token)
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http=Protocol,
            ws="websockets-sansio",
            ws_max_size=MAX_MESSAGE,
            ws_per_message_deflate=False,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,  # longer than our own clients keep a connection
            timeout_graceful_shutdown=GRACE,
        )
        super().__init__(config)
        self._ledger = ledger
        self._closing: asyncio.Event = app.state.closing
        self._listener = listener
        self._on_ready = on_ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None

    def run_until_told(self) -> None:
        """Serve until `stop` or a signal; returns when all is settled."""
        self.run(sockets=[self._listener])

    def stop(self) -> None:
        """Begin to end. May be called from any thread and from signal handlers."""
        self.should_exit = True
        if self._loop is not None and self._wake is not None:
            # A loop that is closed has ended already.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._wake.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A first signal ends the service in order; a second Ctrl-C does not wait for clients."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.stop()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle SIGINT and SIGTERM, in a main thread; unlike uvicorn's, do not raise them anew."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handled = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close websockets and streams, let requests end, then the application."""
        self._closing.set()
        self._ledger.exchanges.end_waits()
        await super().shutdown(sockets)

    async def main_loop(self) -> None:
        """Wait until it is to end; once a second the time in the answers' headers is renewed."""
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._on_ready()
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), 1.0)


def serve(
    location: Path | str,
    settings: ServiceSettings,
    *,
    on_ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve a ledger until SIGINT or SIGTERM; then everything is committed and closed.

    Args:
        location: see `Ledger.open`.
        settings: where to listen, and all else that can be set.
        on_ready: called with the service's address once it answers.

    It is to have the process for itself: what stands by then is never looked at for garbage again.

    Raises:
        CannotListen: the address cannot be had, or nobody could use it for want of a token.
        LedgerUnusable: the ledger cannot be opened.
    """
    host = settings.host

    def ready() -> None:
        on_ready(url)
        # The schema alone is 100,000 objects: to look at them all keeps everybody waiting for
        # 50 ms and more, again and again.
        gc.freeze()
        gc.enable()  # whoever starts a service may have put it off until now

    with contextlib.closing(bind(host, settings.port)) as listener:
        url = url_of(listener, host)
        ledger = _open(location, settings)
        try:
            insist_on_token(ledger, Reach.of(settings))
            Server(ledger, listener, settings, ready).run_until_told()
        finally:
            ledger.close()


def _open(location: Path | str, settings: ServiceSettings) -> Ledger:
    return Ledger.open(
        location,
        synchronous=settings.synchronous,
        statement_timeout=settings.statement_timeout,
        keep=Keep.of(settings),
    )


def insist_on_token(ledger: Ledger, reach: Reach) -> None:
    """Make sure that there is a token where one is needed.

    Raises:
        NoToken: there is none; nobody could use the service.
    """
    if reach.needs_token and not ledger.read(tokens).result():
        where = "that others reach" if reach.is_exposed else "with --auth required"
        raise NoToken(
            f"there is no token yet, so that nobody could use a service {where}: make one with "
            "`headrace token create NAME --scope admin`, or start it with --auth off, which lets "
            "everybody who reaches the port read and change everything"
        )


class RunningService:
    """A service in a thread of this process.

    Attributes:
        url: its address, such as `http://127.0.0.1:40123`.
        ledger: its ledger.
    """

    def __init__(self, url: str, ledger: Ledger, server: Server, thread: threading.Thread) -> None:
        self.url = url
        self.ledger = ledger
        self._server = server
        self._thread = thread

    def stop(self) -> None:
        """End it: everything is committed and closed when this returns. Twice does nothing."""
        self._server.stop()
        self._thread.join()
        self.ledger.close()

    def __enter__(self) -> RunningService:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_in_thread(
    location: Path | str,
    settings: ServiceSettings = DEFAULTS,
    port: int = 0,
    own_token: str | None = None,
) -> RunningService:
    """Serve a ledger from a thread of this process; returns once it answers.

    Args:
        location: see `Ledger.open`.
        settings: all that can be set, but the port.
        port: the port; 0 takes a free one.
        own_token: see `create_app`.

    Raises:
        CannotListen: the address cannot be had.
        LedgerUnusable: the ledger cannot be opened.
    """
    listener = bind(settings.host, port)
    try:
        ledger = _open(location, settings)
    except BaseException:
        listener.close()
        raise
    settled = threading.Event()
    server = Server(ledger, listener, settings, settled.set, own_token)

    def run() -> None:
        try:
            server.run_until_told()
        finally:
            listener.close()
            settled.set()

    thread = threading.Thread(target=run, name="headrace-service", daemon=True)
    thread.start()
    settled.wait()
    if not thread.is_alive() or not server.started:
        thread.join()
        ledger.close()
        raise CannotListen("the service ended while it started; its log tells why")
    return RunningService(url_of(listener, settings.host), ledger, server, thread)
