"""The service's settings, read from the environment: `HEADRACE_SERVER_` before each name."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 4200
DEFAULT_STATEMENT_TIMEOUT = 10.0


class InvalidServiceSetting(Exception):
    """An environment variable has an unusable value; the message names it and the mend."""


class ServiceSettings(msgspec.Struct, frozen=True):
    """What can be set."""

    #: The address to listen on; 0.0.0.0 is every address of this machine.
    host: str = DEFAULT_HOST
    #: The port to listen on; 0 takes a free one.
    port: int = DEFAULT_PORT
    #: NORMAL: what is acknowledged survives the death of any process. FULL: a power cut as well.
    synchronous: str = "NORMAL"
    #: Seconds after which a query is stopped.
    statement_timeout: float = DEFAULT_STATEMENT_TIMEOUT


def read_service_settings(environment: Mapping[str, str]) -> ServiceSettings:
    """The settings that `environment` makes; what it does not name has its default.

    Raises:
        InvalidServiceSetting: a value cannot be used.
    """
    host = environment.get("HEADRACE_SERVER_HOST", "").strip() or DEFAULT_HOST
    port = environment.get("HEADRACE_SERVER_PORT", "").strip() or str(DEFAULT_PORT)
    if not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise InvalidServiceSetting(
            f"HEADRACE_SERVER_PORT={port!r} cannot be used: use a number from 0 to 65535"
        )
    synchronous = environment.get("HEADRACE_SERVER_SYNCHRONOUS", "").strip().upper() or "NORMAL"
    if synchronous not in ("NORMAL", "FULL"):
        raise InvalidServiceSetting(
            f"HEADRACE_SERVER_SYNCHRONOUS={synchronous!r} cannot be used: use NORMAL or FULL"
        )
    return ServiceSettings(host, int(port), synchronous, _statement_timeout(environment))


def _statement_timeout(environment: Mapping[str, str]) -> float:
    text = environment.get("HEADRACE_SERVER_STATEMENT_TIMEOUT", "").strip()
    try:
        seconds = float(text) if text else DEFAULT_STATEMENT_TIMEOUT
    except ValueError:
        seconds = 0
    if not 0 < seconds < 1e9:
        raise InvalidServiceSetting(
            f"HEADRACE_SERVER_STATEMENT_TIMEOUT={text!r} cannot be used: "
            "use a number of seconds above 0"
        )
    return seconds
