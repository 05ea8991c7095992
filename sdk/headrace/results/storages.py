"""From what a user names as a storage of results to the file system that it is."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from headrace.blocks.core import Block, UnknownBlockType
from headrace.context import current_settings
from headrace.filesystems import LocalFileSystem, RemoteFileSystem, WritableFileSystem

ResultStorage = WritableFileSystem | str | Path


def resolve_result_storage(result_storage: Any) -> WritableFileSystem:
    """The file system that a storage is.

    Args:
        result_storage: a file system, a folder, an address such as "s3://bucket/results", or a
            saved block, as `type/name` or by its id.

    Raises:
        TypeError: it is none of them, or a block that is no file system.
        ValueError: there is no such block.
    """
    if isinstance(result_storage, Path):
        return LocalFileSystem(basepath=str(result_storage))
    if isinstance(result_storage, str):
        return _from_text(result_storage)
    if isinstance(result_storage, UUID):
        return _as_file_system(Block.load_from_ref(result_storage, _sync=True))
    if callable(getattr(result_storage, "write_path", None)):
        return cast(WritableFileSystem, result_storage)
    raise TypeError(
        "Result storage must be one of the following types: 'UUID', 'Block', 'str'. "
        f"Got unsupported type {type(result_storage).__name__!r}."
    )


def _from_text(text: str) -> WritableFileSystem:
    if text.startswith("file://"):
        return LocalFileSystem(basepath=text.removeprefix("file://"))
    if "://" in text:
        return RemoteFileSystem(basepath=text)
    kind, slash, name = text.partition("/")
    if slash and "/" not in name and _is_block_type(kind):
        return _as_file_system(Block.load(text, _sync=True))
    return LocalFileSystem(basepath=text)


def _is_block_type(slug: str) -> bool:
    try:
        Block.get_block_class_from_key(slug)
    except UnknownBlockType:
        return False
    return True


def _as_file_system(block: Block) -> WritableFileSystem:
    if not callable(getattr(block, "write_path", None)):
        raise TypeError(f"a block of type {block.get_block_type_slug()!r} is no file system")
    return cast(WritableFileSystem, block)


def get_default_result_storage() -> WritableFileSystem:
    """Where results go that are sent nowhere else: as the settings say."""
    settings = current_settings()
    block = settings.results_default_storage_block
    return _default(block or settings.storage_path)


@functools.lru_cache(maxsize=16)
def _default(storage: str | Path) -> WritableFileSystem:
    return resolve_result_storage(storage)
