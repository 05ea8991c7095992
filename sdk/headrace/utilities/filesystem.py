"""Paths, and the current folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from typing import Any

#: A process has one current folder.
_changing = threading.Lock()


@contextmanager
def tmpchdir(path: str) -> Iterator[str]:
    """Let a folder be the current one for a while; of a file, the folder that it is in.

    One thread at a time; others that look at the current folder see it change.

    Yields:
        The folder's whole path.
    """
    folder = Path(path).resolve()
    if not folder.is_dir():
        folder = folder.parent
    with _changing:
        before = Path.cwd()
        os.chdir(folder)
        try:
            yield str(folder)
        finally:
            os.chdir(before)


def filename(path: str) -> str:
    """The last part of a path, or of an address such as "s3://bucket/file"."""
    return path.split("\\" if "\\" in path and "/" not in path else "/")[-1]


def is_local_path(path: Any) -> bool:
    """Whether a path, or an open file of fsspec, is of this machine."""
    if isinstance(path, os.PathLike):
        return True
    if isinstance(path, str):
        return "://" not in path or path.startswith(("file://", "local://"))
    # Slow to load.
    from fsspec.implementations.local import (  # type: ignore[import-untyped]
        LocalFileSystem,
    )

    return isinstance(path.fs, LocalFileSystem)


def to_display_path(path: Path | str, relative_to: Path | str | None = None) -> str:
    """The path as seen from a folder, by default the current one, or whole if that is shorter.

    Raises:
        ValueError: it is not below that folder.
    """
    whole = Path(path).resolve()
    return min(str(whole.relative_to(Path(relative_to or ".").resolve())), str(whole), key=len)


def relative_path_to_current_platform(path_str: str) -> Path:
    """A relative path that was written on any platform, as it is on this one."""
    return Path(PureWindowsPath(path_str).as_posix())


def get_open_file_limit() -> int:
    """How many files this process may have open at once; 200 where nobody can tell."""
    try:
        import resource
    except ImportError:  # of POSIX alone
        return 200
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft
