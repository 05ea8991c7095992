"""From where a service is reached, and what that asks of whoever comes."""

from __future__ import annotations

import enum
import ipaddress
from urllib.parse import urlsplit

import msgspec

from headrace_service.settings import DEFAULT_HOST, ServiceSettings


def is_loopback(host: str | None) -> bool:
    """Whether a host's name or address means this machine."""
    if host is None or host.lower() == "localhost":
        return host is not None
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Auth(enum.Enum):
    """Whether whoever asks has to present a token."""

    #: As soon as the service can be reached from elsewhere, or there is a token.
    AUTO = "auto"
    #: Always.
    REQUIRED = "required"
    #: Never: whoever reaches the port can do everything.
    OFF = "off"


class Reach(msgspec.Struct, frozen=True):
    """From where a service is reached, and whether a token is needed.

    `host` is the address that it listens on; `allowed_hosts` are other names under which it is
    reached, through a proxy, in lower case.
    """

    host: str = DEFAULT_HOST
    allowed_hosts: tuple[str, ...] = ()
    auth: Auth = Auth.AUTO

    @classmethod
    def of(cls, settings: ServiceSettings) -> Reach:
        """What the settings say of it."""
        names = (name.strip() for name in settings.allowed_hosts.split(","))
        return cls(settings.host, tuple(filter(None, names)), Auth(settings.auth))

    @property
    def is_exposed(self) -> bool:
        """Whether others than this machine's users reach it."""
        return not all(map(is_loopback, (self.host, *self.allowed_hosts)))

    @property
    def needs_token(self) -> bool:
        """Whether a token is needed even when there is none yet."""
        return self.auth is Auth.REQUIRED or (self.auth is Auth.AUTO and self.is_exposed)

    def answers_to(self, name: str) -> bool:
        """Whether requests may be addressed to that name."""
        if self.allowed_hosts or is_loopback(self.host):
            return is_loopback(name) or name.lower() in self.allowed_hosts
        return True

    def trusts(self, origin: str, host: str) -> bool:
        """Whether a page of `origin` may ask a service that it reaches as `host`."""
        try:
            page = urlsplit(origin)
            name = page.hostname
        except ValueError:
            return False
        if name is None:  # "null": a page in a sandbox, or a file
            return False
        if page.netloc.lower() == host.lower() or name.lower() in self.allowed_hosts:
            return True
        return not self.is_exposed and is_loopback(name)
