"""The settings that hold here: those of the process's environment, or others in their place."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar

from headrace.exceptions import InvalidSetting, tell_in_one_line
from headrace.settings.files import with_file
from headrace.settings.misspelt import misspelt, tell_of_misspelt
from headrace.settings.reading import read_settings
from headrace.settings.values import Settings

#: The settings of the `temporary_settings` that the code runs in.
TEMPORARY: ContextVar[Settings | None] = ContextVar("headrace_temporary_settings", default=None)


class _CurrentSettings:
    """See `get_settings`, which is the one of them."""

    def __init__(self) -> None:
        self._process: Settings | None = None
        #: Stands in for the process's own, in all its threads, while `replace` is at work.
        self._substitute: Settings | None = None

    def __call__(self) -> Settings:
        """The settings that hold here: temporary ones, or those of the environment and the file.

        Raises:
            InvalidSetting: a variable has an unusable value.
        """
        settings = TEMPORARY.get() or self._substitute or self._process
        if settings is None:
            try:
                settings = self._process = read_settings(with_file(os.environ))
            except InvalidSetting:
                tell_in_one_line()
                raise
            tell_of_misspelt(misspelt(os.environ))
        return settings

    def cache_clear(self) -> None:
        """Let the next call read the environment anew."""
        self._process = None

    @contextlib.contextmanager
    def replace(self, settings: Settings) -> Iterator[Settings]:
        """Let `settings` hold within, in the whole process."""
        before, self._substitute = self._substitute, settings
        token = TEMPORARY.set(None)
        try:
            yield settings
        finally:
            self._substitute = before
            # In a test's fixture the end may come in another context than the beginning.
            with contextlib.suppress(ValueError):
                TEMPORARY.reset(token)


def temporary_settings_here() -> Settings | None:
    """The settings of `temporary_settings`, if this code runs within it."""
    return TEMPORARY.get()


#: This process's settings; see `_CurrentSettings.__call__`.
get_settings = _CurrentSettings()

#: The name that Prefect's users know.
get_current_settings = get_settings
