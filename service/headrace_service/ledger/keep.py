"""How long a ledger keeps things."""

from __future__ import annotations

import msgspec

from headrace_service.settings import ServiceSettings

_DEFAULT = ServiceSettings()


class Keep(msgspec.Struct, frozen=True):
    """For how many days things are kept: runs from their end on; 0 is for ever."""

    runs: float = _DEFAULT.retention_runs
    events: float = _DEFAULT.retention_events
    logs: float = _DEFAULT.retention_logs

    @classmethod
    def of(cls, settings: ServiceSettings) -> Keep:
        """What the settings say."""
        return cls(settings.retention_runs, settings.retention_events, settings.retention_logs)
