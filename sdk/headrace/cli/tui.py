"""`headrace tui`: the terminal monitor."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from headrace.cli.ledger import ledger_at, service_settings, told_in_one_line, usual_url
from headrace.exceptions import InvalidSetting, ServiceError, SetupError
from headrace.settings import get_settings, read_settings
from headrace_service.settings import DEFAULT_HOST

if TYPE_CHECKING:
    from headrace_service.settings import ServiceSettings


class Service(NamedTuple):
    """A service to watch, and what to call it when its address would tell a person nothing."""

    url: str
    label: str = ""


@click.command()
@click.option("--url", help="The service to watch.  [HEADRACE_API_URL, else the local ledger]")
@click.option("--run", "run_id", help="Open the flow run with this id.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Use no symbols outside of ASCII.")
def command(url: str | None, run_id: str | None, ascii_only: bool) -> None:
    """Watch runs, live.

    Without a service it opens the local ledger, and serves it on this machine as long as it runs.
    """
    if not sys.stdout.isatty():
        raise SetupError(
            "the monitor needs a terminal; `headrace watch` follows a run as plain text"
        )
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    from headrace_tui.app import MonitorApp

    with service_at(url) as service:
        app = MonitorApp(
            service.url,
            label=service.label,
            ascii_only=ascii_only or not _speaks_unicode(),
            run_id=run_id,
            handle_signals=True,
        )
        code = app.run()
    sys.exit(code if code is not None else app.return_code or 0)


def _speaks_unicode() -> bool:
    """Whether the terminal is told to be able to show more than ASCII."""
    return "utf" in (sys.stdout.encoding or "").lower() and os.environ.get("TERM") != "linux"


@contextlib.contextmanager
def service_at(url: str | None) -> Iterator[Service]:
    """The service to watch: the one named, the one configured, or one for the local ledger.

    The local ledger is served by whoever serves it already where the settings say, else by a thread
    of this process on a free loopback port, until the context ends.

    Args:
        url: the service's address; None looks at the settings.

    Raises:
        InvalidSetting: the address is none.
        ServiceUnreachable: nobody answers at the address.
        SetupError: the local ledger cannot be served.
    """
    settings = get_settings()
    if url:
        _check(url)
    url = url or settings.service_url
    if url is not None:
        address, _ = _ask(url)
        yield Service(address)
        return
    from headrace_service.ledger.database import without_password

    place, usual, ledger = ledger_at(None), usual_url(), None
    with contextlib.suppress(SetupError, ServiceError):
        _, ledger = _ask(usual)
    if ledger == without_password(place):
        yield Service(usual)
        return
    from headrace_service.ledger import LedgerError
    from headrace_service.ledger.tokens import new_secret
    from headrace_service.server import CannotListen, start_in_thread

    token = new_secret()  # other users of this machine can reach the port as well
    try:
        running = start_in_thread(place, _own_settings(), own_token=token)
    except (CannotListen, LedgerError) as error:
        raise SetupError(str(error)) from None
    ours = msgspec.structs.replace(settings, api_key=token)
    with running, get_settings.replace(ours):
        yield Service(running.url, _briefly(place))


def _own_settings() -> ServiceSettings:
    """What the ledger's own service would have been started with, but for ourselves alone.

    So nothing is deleted that the user means to keep.
    """
    with told_in_one_line():
        settings = service_settings()
    return msgspec.structs.replace(settings, host=DEFAULT_HOST, allowed_hosts="", auth="required")


def _check(url: str) -> None:
    """An unusable address is the flag's fault, although the settings' rules judge it."""
    try:
        read_settings({"HEADRACE_API_URL": url})
    except InvalidSetting as error:
        raise InvalidSetting(str(error).replace("HEADRACE_API_URL=", "--url ", 1)) from None


def _ask(url: str) -> tuple[str, str]:
    """A service's root address, and the ledger that it records into, as it names it."""
    from headrace.client import Client

    with Client(url) as client:
        try:
            return client.api_url or url, str(client.server_info()["ledger"])
        except ServiceError as error:
            raise SetupError(str(error)) from None


def _briefly(place: Path | str) -> str:
    """A ledger's place as people write it."""
    from headrace_service.ledger.database import without_password

    home = Path.home()
    if isinstance(place, Path) and place.is_relative_to(home):
        return f"~/{place.relative_to(home)}"
    return without_password(place)
