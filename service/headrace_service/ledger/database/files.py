"""Files that a ledger and its copies are in: for their owner alone, since a ledger has secrets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def make_for_owner(path: Path) -> None:
    """If there is no such file, an empty one that its owner alone can read.

    What SQLite makes beside it (`-wal`, `-shm`) may be read by the same.
    """
    with suppress(OSError):  # that it cannot be made is said by whoever opens it
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


@contextmanager
def copy_at(target: Path) -> Iterator[Path]:
    """A file to write a copy into, which takes the place of `target` once it is whole.

    Raises:
        OSError: it cannot be written there.
    """
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        make_for_owner(partial)
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
