"""Settings, read from the environment once they are needed.

Every setting is an environment variable, `HEADRACE_` before its name in capitals, or stands in the
file `headrace.toml` of the home folder. Names that Prefect's users already set (`..._HOME`,
`..._API_URL`, `..._LOGGING_LEVEL`) mean the same here.

    >>> from headrace.settings import HEADRACE_LOGGING_LEVEL, temporary_settings
    >>> with temporary_settings({HEADRACE_LOGGING_LEVEL: "DEBUG"}) as settings:
    ...     settings.logging.level
    'DEBUG'
"""

from __future__ import annotations

from headrace.settings.current import get_current_settings, get_settings, temporary_settings_here
from headrace.settings.reading import LEVELS, READERS, read_settings
from headrace.settings.temporary import Setting, temporary_settings
from headrace.settings.values import (
    Settings,
    SettingsGroup,
    ensure_home,
    ensure_ledger_folder,
    root_of,
)

__all__ = [
    "LEVELS",
    "Setting",
    "Settings",
    "SettingsGroup",
    "ensure_home",
    "ensure_ledger_folder",
    "get_current_settings",
    "get_settings",
    "read_settings",
    "root_of",
    "temporary_settings",
    "temporary_settings_here",
]


def __getattr__(name: str) -> Setting:
    """`HEADRACE_…` for every setting."""
    if name.startswith("HEADRACE_"):
        setting = Setting(name)
        if setting.field in READERS:
            return setting
        raise AttributeError(f"{name} is no setting of headrace; see docs/settings.md")
    raise AttributeError(f"module 'headrace.settings' has no attribute {name!r}")
