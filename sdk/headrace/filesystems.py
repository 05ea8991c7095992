"""Where results and files are kept: a folder, or anything that fsspec has an address for.

    folder = LocalFileSystem(basepath="results")
    folder.write_path("greeting", b"hello")
    RemoteFileSystem(basepath="s3://bucket/results").save("our-results")

They are blocks, which can be saved under a name. Paths lead nowhere outside of the base path.
"""

from __future__ import annotations

import abc
import fnmatch
import functools
import os
import shutil
import urllib.parse
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, Field, PrivateAttr, field_validator

from headrace.blocks.core import Block
from headrace.files import write_whole
from headrace.utilities.asyncutils import async_dispatch, run_sync_in_worker_thread


class ReadableFileSystem(Block, abc.ABC):
    """Can be read from."""

    _block_schema_capabilities: ClassVar[list[str] | None] = ["read-path"]

    @abc.abstractmethod
    def read_path(self, path: str) -> Any:
        """The content of a file, as bytes; or a coroutine of it."""


class WritableFileSystem(Block, abc.ABC):
    """Can be read from and written to."""

    _block_schema_capabilities: ClassVar[list[str] | None] = ["read-path", "write-path"]

    @abc.abstractmethod
    def read_path(self, path: str) -> Any:
        """The content of a file, as bytes; or a coroutine of it."""

    @abc.abstractmethod
    def write_path(self, path: str, content: bytes) -> Any:
        """Write a file; or a coroutine that does."""


class ReadableDeploymentStorage(Block, abc.ABC):
    """Whole folders can be got from it."""

    _block_schema_capabilities: ClassVar[list[str] | None] = ["get-directory"]

    @abc.abstractmethod
    def get_directory(self, from_path: str | None = None, local_path: str | None = None) -> Any:
        """Copy the folder `from_path` to `local_path`."""


class WritableDeploymentStorage(ReadableDeploymentStorage, abc.ABC):
    """Whole folders can be got from it and put there."""

    _block_schema_capabilities: ClassVar[list[str] | None] = ["get-directory", "put-directory"]

    @abc.abstractmethod
    def put_directory(
        self,
        local_path: str | None = None,
        to_path: str | None = None,
        ignore_file: str | None = None,
    ) -> Any:
        """Copy the folder `local_path` to `to_path`, but for what `ignore_file` names."""


class LocalFileSystem(WritableFileSystem, WritableDeploymentStorage):
    """A folder of this machine.

    Args:
        basepath: the folder; by default the current one.
    """

    _block_type_name = "Local File System"

    basepath: str | None = Field(default=None, description="The folder everything is within.")

    @field_validator("basepath", mode="before")
    @classmethod
    def _as_text(cls, value: str | Path | None) -> str | None:
        return None if value is None else str(value)

    def _resolve_path(self, path: str | None) -> Path:
        folder = self.basepath or "."
        # Asking for the current folder is a call of the system.
        base = _resolved(folder, "" if os.path.isabs(folder) else os.getcwd())
        if not path:
            return base
        name = path.removeprefix(f"{base}{os.sep}")
        if name.isalnum():  # a name, such as most keys are, or where it stands
            return base / name
        resolved = (base / Path(path).expanduser()).resolve()
        if resolved != base and base not in resolved.parents:
            raise ValueError(f"Provided path {resolved} is outside of the base path {base}.")
        return resolved

    async def aread_path(self, path: str) -> bytes:
        """As `read_path`, without holding up the event loop."""
        return await run_sync_in_worker_thread(functools.partial(self.read_path, _sync=True), path)

    @async_dispatch(aread_path)
    def read_path(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            ValueError: it does not exist, is no file, or is outside of the base path.
        """
        file = self._resolve_path(path)
        try:
            return file.read_bytes()
        except FileNotFoundError:
            raise ValueError(f"Path {file} does not exist.") from None
        except IsADirectoryError:
            raise ValueError(f"Path {file} is not a file.") from None

    async def awrite_path(self, path: str, content: bytes) -> str:
        """As `write_path`, without holding up the event loop."""
        return await run_sync_in_worker_thread(
            functools.partial(self.write_path, _sync=True), path, content
        )

    @async_dispatch(awrite_path)
    def write_path(self, path: str, content: bytes) -> str:
        """Write a file in one step: whoever reads it gets the old content or the new one.

        Returns:
            Where it stands.

        Raises:
            ValueError: there is a folder, or it is outside of the base path.
            OSError: it cannot be written.
        """
        file = self._resolve_path(path)
        if file.is_dir():
            raise ValueError(f"Path {file} already exists and is not a file.")
        write_whole(file, content)
        return str(file)

    async def aget_directory(
        self, from_path: str | None = None, local_path: str | None = None
    ) -> None:
        """As `get_directory`, without holding up the event loop."""
        await run_sync_in_worker_thread(
            functools.partial(self.get_directory, _sync=True), from_path, local_path
        )

    @async_dispatch(aget_directory)
    def get_directory(self, from_path: str | None = None, local_path: str | None = None) -> None:
        """Copy a folder, but for what its `.headraceignore` names.

        Args:
            from_path: by default the base path.
            local_path: by default the current folder.
        """
        source = self._resolve_path(from_path or None)
        target = Path(local_path or ".").resolve()
        ignore_file = source / ".headraceignore"
        _copy_folder(source, target, str(ignore_file) if ignore_file.exists() else None)

    async def aput_directory(
        self,
        local_path: str | None = None,
        to_path: str | None = None,
        ignore_file: str | None = None,
    ) -> None:
        """As `put_directory`, without holding up the event loop."""
        await run_sync_in_worker_thread(
            functools.partial(self.put_directory, _sync=True), local_path, to_path, ignore_file
        )

    @async_dispatch(aput_directory)
    def put_directory(
        self,
        local_path: str | None = None,
        to_path: str | None = None,
        ignore_file: str | None = None,
    ) -> None:
        """Copy a folder into this one.

        Args:
            local_path: by default the current folder.
            to_path: by default the base path.
            ignore_file: a file of patterns, one a line, of what to leave out.
        """
        source = Path(local_path or ".").resolve()
        _copy_folder(source, self._resolve_path(to_path), ignore_file)


class RemoteFileSystem(WritableFileSystem, WritableDeploymentStorage):
    """Anything that fsspec can reach.

    Args:
        basepath: its address, such as "s3://bucket/results" or "memory://results".
        settings: further arguments for fsspec, credentials for instance.
    """

    _block_type_name = "Remote File System"

    basepath: str = Field(description="The address everything is within.")
    settings: dict[str, Any] = Field(
        default_factory=dict, description="Further arguments for fsspec."
    )
    _filesystem: Any = PrivateAttr(default=None)

    @field_validator("basepath")
    @classmethod
    def _check_basepath(cls, value: str) -> str:
        parts = urllib.parse.urlsplit(value)
        if not parts.scheme:
            raise ValueError(f"Base path must start with a scheme. Got {value!r}.")
        if not parts.netloc:
            raise ValueError(f"Base path must include a location after the scheme. Got {value!r}.")
        if parts.scheme == "file":
            raise ValueError(
                "Base path scheme cannot be 'file'. Use `LocalFileSystem` instead for"
                " local file access."
            )
        return value

    @property
    def filesystem(self) -> Any:
        """What fsspec has made of the address.

        Raises:
            RuntimeError: a package that it needs is not installed.
        """
        if self._filesystem is None:
            import fsspec  # type: ignore[import-untyped]  # slow to load

            scheme = urllib.parse.urlsplit(self.basepath).scheme
            try:
                self._filesystem = fsspec.filesystem(scheme, **self.settings)
            except ImportError as error:
                raise RuntimeError(
                    f"File system created with scheme {scheme!r} from base path "
                    f"{self.basepath!r} could not be created. You are likely missing a Python "
                    "module required to use the given storage protocol."
                ) from error
        return self._filesystem

    def _resolve_path(self, path: str) -> str:
        base = urllib.parse.urlsplit(self.basepath)
        parts = urllib.parse.urlsplit(path)
        if parts.scheme and parts.scheme.lower() != base.scheme.lower():
            raise ValueError(
                f"Path {path!r} with scheme {parts.scheme!r} must use the same scheme as"
                f" the base path {base.scheme!r}."
            )
        # What is looked at is what a server makes of it.
        plain = urllib.parse.unquote(parts.path).replace("\\", "/")
        inside = ".." not in plain.split("/")
        if parts.netloc:
            folder = base.path.rstrip("/")
            inside &= parts.netloc == base.netloc
            inside &= f"{parts.path}/".startswith(f"{folder}/")
        if not inside:
            raise ValueError(f"Path {path!r} is outside of the base path {self.basepath!r}.")
        if parts.netloc:
            return urllib.parse.urlunsplit((base.scheme, base.netloc, parts.path or "/", "", ""))
        return f"{self.basepath.rstrip('/')}/{parts.path.lstrip('/')}"

    async def aread_path(self, path: str) -> bytes:
        """As `read_path`, without holding up the event loop."""
        return await run_sync_in_worker_thread(functools.partial(self.read_path, _sync=True), path)

    @async_dispatch(aread_path)
    def read_path(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            ValueError: it is outside of the base path.
            OSError: it cannot be read.
        """
        with self.filesystem.open(self._resolve_path(path), "rb") as file:
            content: bytes = file.read()
        return content

    async def awrite_path(self, path: str, content: bytes) -> str:
        """As `write_path`, without holding up the event loop."""
        return await run_sync_in_worker_thread(
            functools.partial(self.write_path, _sync=True), path, content
        )

    @async_dispatch(awrite_path)
    def write_path(self, path: str, content: bytes) -> str:
        """Write a file, and return its address.

        Raises:
            ValueError: it is outside of the base path.
            OSError: it cannot be written.
        """
        address = self._resolve_path(path)
        self.filesystem.makedirs(address.rpartition("/")[0], exist_ok=True)
        with self.filesystem.open(address, "wb") as file:
            file.write(content)
        return address

    async def aget_directory(
        self, from_path: str | None = None, local_path: str | None = None
    ) -> None:
        """As `get_directory`, without holding up the event loop."""
        await run_sync_in_worker_thread(
            functools.partial(self.get_directory, _sync=True), from_path, local_path
        )

    @async_dispatch(aget_directory)
    def get_directory(self, from_path: str | None = None, local_path: str | None = None) -> None:
        """Download a folder.

        Args:
            from_path: by default the base path.
            local_path: by default the current folder.
        """
        source = self.basepath if from_path is None else self._resolve_path(from_path)
        target = str(Path(local_path or ".").absolute())
        self.filesystem.get(f"{source.rstrip('/')}/", target, recursive=True)

    async def aput_directory(
        self,
        local_path: str | None = None,
        to_path: str | None = None,
        ignore_file: str | None = None,
        overwrite: bool = True,
    ) -> int:
        """As `put_directory`, without holding up the event loop."""
        return await run_sync_in_worker_thread(
            functools.partial(self.put_directory, _sync=True),
            local_path,
            to_path,
            ignore_file,
            overwrite,
        )

    @async_dispatch(aput_directory)
    def put_directory(
        self,
        local_path: str | None = None,
        to_path: str | None = None,
        ignore_file: str | None = None,
        overwrite: bool = True,
    ) -> int:
        """Upload a folder.

        Args:
            local_path: by default the current folder.
            to_path: by default the base path.
            ignore_file: a file of patterns, one a line, of what to leave out.
            overwrite: whether files that are there already are written anew.

        Returns:
            How many files were uploaded.
        """
        source = Path(local_path or ".")
        target = self.basepath if to_path is None else self._resolve_path(to_path)
        patterns = _read_patterns(ignore_file)
        files = [
            file
            for file in sorted(source.rglob("*"))
            if file.is_file() and not _is_ignored(file.relative_to(source), patterns)
        ]
        uploaded = 0
        for file in files:
            address = f"{target.rstrip('/')}/{file.relative_to(source).as_posix()}"
            if overwrite or not self.filesystem.exists(address):
                self.filesystem.makedirs(address.rpartition("/")[0], exist_ok=True)
                self.filesystem.put_file(str(file), address)
                uploaded += 1
        return uploaded


class NullFileSystem(BaseModel):
    """Keeps nothing."""

    async def read_path(self, path: str) -> None:
        """Nothing."""

    async def write_path(self, path: str, content: bytes) -> None:
        """Keep nothing."""

    async def get_directory(
        self, from_path: str | None = None, local_path: str | None = None
    ) -> None:
        """Copy nothing."""

    async def put_directory(
        self,
        local_path: str | None = None,
        to_path: str | None = None,
        ignore_file: str | None = None,
    ) -> None:
        """Keep nothing."""


@functools.lru_cache(maxsize=64)
def _resolved(folder: str, current: str) -> Path:
    """A folder's whole path, from the current folder; resolving asks the disk for every part."""
    return Path(current, Path(folder).expanduser()).resolve()


def _copy_folder(source: Path, target: Path, ignore_file: str | None) -> None:
    if source == target:
        return
    patterns = _read_patterns(ignore_file)

    def ignored(folder: str, names: list[str]) -> list[str]:
        inner = Path(folder).relative_to(source)
        return [name for name in names if _is_ignored(inner / name, patterns)]

    shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True, symlinks=True)


def _read_patterns(ignore_file: str | None) -> list[str]:
    if ignore_file is None:
        return []
    lines = [line.strip() for line in Path(ignore_file).read_text().splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _is_ignored(path: Path, patterns: list[str]) -> bool:
    """Whether a path is left out: the last pattern that fits it, or a folder above it, decides."""
    ignored = False
    for pattern in patterns:
        wanted = pattern.removeprefix("!").rstrip("/")
        if any(_fits(part, wanted) for part in [path, *path.parents][:-1]):
            ignored = not pattern.startswith("!")
    return ignored


def _fits(path: Path, pattern: str) -> bool:
    """As `.gitignore` has it: a pattern without a slash fits names at any depth."""
    if "/" in pattern:
        return fnmatch.fnmatch(path.as_posix(), pattern.removeprefix("/"))
    return fnmatch.fnmatch(path.name, pattern)
