"""Batches on disk, first in first out, for as long as the service is away.

A spool is one file, owned by the process that has it locked; the lock ends with the process, so
that the spool of a dead one can be told from that of a living one and be adopted. An advisory lock
on a plain file also survives a fork: the child closes its copy, and the parent's lock stays.

The file starts with a line of JSON that says where the batches are to go, and a fixed-width line
with the place of the first batch that is still to be sent. Then come the batches, each behind its
length, its number of records and a checksum. A batch that was cut short (kill -9, power loss) ends
the file; one that was sent, but not yet marked so, is sent again and recognised by its number.
A file that is damaged in another way is copied, and what is sound in it is sent.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import mmap
import os
import re
import struct
import weakref
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from headrace.endpoints import is_same_service

logger = logging.getLogger("headrace.recorder")

_FORMAT = 1
_SUFFIX = ".spool"
_FRAME = struct.Struct(">III")  # length of the batch, records in it, checksum of it
#: How a length below 16 MB begins; JSON contains no zeros.
_LENGTH = re.compile(rb"\0{1,3}[^\0]")
_POSITION = len(b"%020d\n" % 0)


class _Header(msgspec.Struct):
    format: int
    target: str
    pid: int


_header = msgspec.json.Decoder(_Header).decode


_open_spools: weakref.WeakSet[Spool] = weakref.WeakSet()


class Spool:
    """A queue of encoded batches in one file, locked by this process."""

    def __init__(self, path: Path, file: BinaryIO, target: str) -> None:
        """Wrap an open and locked file; use `create` or `adopt`."""
        self.path = path
        self.target = target
        self.records = 0  #: how many records wait
        self._file = file
        self._length = 0
        self._next: tuple[bytes, int, int] | None = None  # the first batch, once it was read
        self._behind: dict[int, int] = {}  # where damage begins, and the sound batch behind it
        _open_spools.add(self)
        file.seek(0)
        self._mark = len(file.readline())
        self._head = self._mark + _POSITION
        self._tail = self._head

    @classmethod
    def create(cls, folder: Path, name: str, target: str) -> Spool:
        """A new, empty spool in `folder` (made if need be) for batches that are to go to `target`.

        Raises:
            OSError: the disk does not take it.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}{_SUFFIX}"
        # Locked before it bears its name: nobody may take it for that of a dead process.
        nascent = path.with_suffix(".new")
        file: BinaryIO = open(nascent, "w+b", buffering=0)  # noqa: SIM115 - the spool closes it
        try:
            _lock(file)
            header = msgspec.json.encode(_Header(_FORMAT, target, os.getpid())) + b"\n"
            _write(file, 0, header + b"%020d\n" % (len(header) + _POSITION))
            os.rename(nascent, path)
        except OSError:
            file.close()
            nascent.unlink(missing_ok=True)
            raise
        return cls(path, file, target)

    @classmethod
    def adopt(cls, path: Path, target: str) -> Spool | None:
        """The spool that a dead process left at `path`.

        None if its owner lives, if somebody else has adopted it, or if its batches are to go to
        another place than `target`. If it is damaged, a copy is kept beside it, ending in
        `.damaged`, and batches that are sound are sent.
        """
        try:
            file: BinaryIO = open(path, "r+b", buffering=0)  # noqa: SIM115 - the spool closes it
        except OSError:
            return None
        spool: Spool | None = None
        try:
            # Whoever emptied it may have deleted it between our opening it and locking it.
            if _lock(file) and _is_at(file, path):
                header = _header(file.readline())
                if header.format == _FORMAT and is_same_service(header.target, target):
                    spool = cls(path, file, target)
                    spool._recover()
        except (OSError, ValueError):  # msgspec's errors are ValueErrors: not a spool of ours
            spool = None
        if spool is None:
            file.close()
        return spool

    def __len__(self) -> int:
        """How many batches wait."""
        return self._length

    def append(self, payload: bytes, records: int) -> None:
        """Put a batch of so many records at the end.

        Raises:
            OSError: the disk does not take it; the spool is as it was before.
        """
        frame = _FRAME.pack(len(payload), records, zlib.crc32(payload)) + payload
        try:
            _write(self._file, self._tail, frame)
        except OSError:
            self._file.truncate(self._tail)
            raise
        self._tail += len(frame)
        self._length += 1
        self.records += records

    def first(self) -> tuple[bytes, int] | None:
        """The batch that is next to be sent, and how many records are in it."""
        if self._next is None:
            self._next = self._read(self._head)
        return None if self._next is None else self._next[:2]

    def drop_first(self) -> None:
        """The first batch is acknowledged, or refused for good: go on to the next."""
        frame, self._next = self._next or self._read(self._head), None
        if frame is None:
            return
        self._length -= 1
        self.records -= frame[1]
        self._head = frame[2]
        if self._length == 0:
            self.clear()
        # When the disk does not take the note, the batch is sent once more, and recognised.
        with contextlib.suppress(OSError):
            _write(self._file, self._mark, b"%020d\n" % self._head)

    def clear(self) -> None:
        """Let go of all that waits."""
        self._file.truncate(self._mark + _POSITION)
        self._head = self._tail = self._mark + _POSITION
        self._length = self.records = 0
        self._next = None

    def sync(self) -> bool:
        """Make the batches outlive a loss of power, not only the end of the process.

        False if the disk will not have it.
        """
        try:
            os.fsync(self._file.fileno())
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Give up the file and its lock; delete it if nothing waits in it. May be repeated."""
        if self._file.closed:
            return
        if self._length == 0:
            self.path.unlink(missing_ok=True)
        else:
            self.sync()
        self._file.close()

    def _recover(self) -> None:
        """Find what waits in an adopted file.

        Raises:
            OSError: the file is damaged, and cannot be copied; nothing was changed.
        """
        self._file.seek(self._mark)
        start = self._file.read(_POSITION).strip()
        size = self._tail = self._file.seek(0, os.SEEK_END)
        if start.isdigit() and self._head <= int(start) <= size:
            self._head = int(start)
        position, damaged = self._head, False
        while position < size:
            frame = self._read(position)
            if frame is not None:
                self._length += 1
                self.records += frame[1]
                position = frame[2]
                continue
            behind = self._sound_after(position)
            damaged = damaged or behind is not None or not self._is_cut_short(position)
            if behind is None:
                break
            self._behind[position] = behind
            position = behind
        if damaged:
            self._keep_copy()
        self._tail = position
        if position < size:
            self._file.truncate(position)

    def _read(self, position: int) -> tuple[bytes, int, int] | None:
        """The batch at `position`, how many records it has, and where the next one starts."""
        position = self._behind.get(position, position)
        if position + _FRAME.size > self._tail:
            return None
        self._file.seek(position)
        length, records, checksum = _FRAME.unpack(self._file.read(_FRAME.size))
        if not 0 < length <= self._tail - position - _FRAME.size:
            return None
        payload = self._file.read(length)
        if zlib.crc32(payload) != checksum:
            return None
        return payload, records, position + _FRAME.size + length

    def _is_cut_short(self, position: int) -> bool:
        """Whether the file ends before the batch at `position` does."""
        self._file.seek(position)
        frame = self._file.read(_FRAME.size)
        if len(frame) < _FRAME.size:
            return True
        return int(_FRAME.unpack(frame)[0]) > self._tail - position - _FRAME.size

    def _sound_after(self, position: int) -> int | None:
        """Where the next sound batch starts, however the bytes from `position` on came about."""
        with mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            while found := _LENGTH.search(content, position + 1):
                position = found.start()
                del found  # it holds on to the map
                if self._read(position) is not None:
                    return position
        return None

    def _keep_copy(self) -> None:
        """Keep the damaged file for a person to look at, and say so; once for each file."""
        import shutil  # it loads three compressors, and files are seldom damaged

        copy = self.path.with_suffix(".damaged")
        if copy.exists():
            return
        nascent = self.path.with_suffix(".copy")
        try:
            shutil.copyfile(self.path, nascent)
            os.replace(nascent, copy)
        except OSError as error:
            nascent.unlink(missing_ok=True)
            reason = error.strerror or error
            logger.error("%s is damaged, and is left alone: no copy (%s)", self.path, reason)
            raise
        logger.error(
            "%s is damaged: %d records in it are sound and will be sent; it is kept as %s",
            self.path,
            self.records,
            copy,
        )


def leftovers(folder: Path) -> Iterator[Path]:
    """The spools in `folder`, oldest stream first, of living and dead processes alike."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(_SUFFIX))
    except OSError:  # no such folder: nobody ever spooled here
        return
    for name in names:
        yield folder / name


def _write(file: BinaryIO, position: int, content: bytes) -> None:
    """Write all of `content`; an unbuffered file may take only a part at a time."""
    file.seek(position)
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def _is_at(file: BinaryIO, path: Path) -> bool:
    """Whether the open file is still the one at `path`."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _lock(file: BinaryIO) -> bool:
    """Lock the whole file for this process, without waiting; False if somebody else has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def forget_inherited() -> None:
    """In a forked child: close the copies of the parent's files, and with them touch nothing.

    A lock lasts as long as anybody has the file open; the child must not keep it for its parent.
    """
    for spool in list(_open_spools):
        spool._file.close()
    _open_spools.clear()
