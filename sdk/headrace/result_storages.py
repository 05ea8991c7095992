"""From what a user names as a storage of results to the file system that it is."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from headrace.context import current_settings
from headrace.filesystems import LocalFileSystem, RemoteFileSystem, WritableFileSystem

ResultStorage = WritableFileSystem | str | Path


def resolve_result_storage(result_storage: Any) -> WritableFileSystem:
    """The file system that a storage is.

    Args:
        result_storage: a file system, a folder, an address such as "s3://bucket/results", or a
            saved block as `type/name`.

    Raises:
        TypeError: it is none of them.
        ValueError: there is no such block, or its type is no file system.
    """
    if isinstance(result_storage, Path):
        return LocalFileSystem(basepath=str(result_storage))
    if isinstance(result_storage, str):
        return _from_text(result_storage)
    if callable(getattr(result_storage, "write_path", None)):
        storage: WritableFileSystem = result_storage
        return storage
    raise TypeError(
        "Result storage must be one of the following types: 'UUID', 'Block', 'str'. "
        f"Got unsupported type {type(result_storage).__name__!r}."
    )


def _from_text(text: str) -> WritableFileSystem:
    if text.startswith("file://"):
        return LocalFileSystem(basepath=text.removeprefix("file://"))
    if "://" in text:
        return RemoteFileSystem(basepath=text)
    return LocalFileSystem(basepath=text)


def get_default_result_storage() -> WritableFileSystem:
    """Where results go that are sent nowhere else: as the settings say."""
    settings = current_settings()
    block = settings.results_default_storage_block
    return _default(block or settings.storage_path)


@functools.lru_cache(maxsize=16)
def _default(storage: str | Path) -> WritableFileSystem:
    return resolve_result_storage(storage)
