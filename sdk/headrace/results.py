"""Results kept in files, one each, under the name of their key."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import NamedTuple

from headrace.ids import new_id


class Kept(NamedTuple):
    """A value that was found; a tuple around it, since the value may be None."""

    value: object


class ResultStore:
    """A folder of results.

    A result is a pickle, so the folder must be as trustworthy as the code that reads it; its
    place under HEADRACE_HOME is the user's own.

    Args:
        folder: where the files stand; created when the first result is saved.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, key: str, value: object, expires: int | None) -> None:
        """Keep `value` under `key` until `expires` (microseconds since 1970), or for good.

        Raises:
            Exception: the value cannot be pickled, or the file cannot be written.
        """
        # Large, and most programs cache nothing.
        import cloudpickle  # type: ignore[import-untyped]

        content = cloudpickle.dumps((expires, value))
        self._folder.mkdir(parents=True, exist_ok=True)
        # Renaming puts it there in one step: nobody reads half a file.
        draft = self._folder / f"{new_id()}.draft"
        try:
            draft.write_bytes(content)
            os.replace(draft, self._folder / key)
        finally:
            draft.unlink(missing_ok=True)

    def load(self, key: str, now: int) -> Kept | None:
        """What is kept under `key` and has not expired at `now` (microseconds since 1970).

        Raises:
            Exception: the file cannot be read or unpickled.
        """
        try:
            content = (self._folder / key).read_bytes()
        except FileNotFoundError:
            return None
        expires, value = pickle.loads(content)
        if expires is not None and expires <= now:
            return None
        return Kept(value)
