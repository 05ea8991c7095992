"""Tracebacks of users' errors, without the frames of headrace that stand between the users' own."""

from __future__ import annotations

import itertools
import os
from types import TracebackType

_PACKAGE = os.path.dirname(__file__) + os.sep
_ERRORS = "headrace.exceptions"


class InAnotherProcess(Exception):
    """The cause of an error that was raised in another process: shows the traceback there."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def hide_ours(error: BaseException) -> None:
    """Take our frames out of an error's traceback, and of those of the errors that led to it.

    Those behind the user's last one stay, where it was headrace that raised, unless the error is
    one of headrace's: those are raised on purpose, and say what is wrong.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        _shorten(one)
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def _shorten(error: BaseException) -> None:
    frames = []
    traceback: TracebackType | None = error.__traceback__
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    end = len(frames)
    while end and _is_ours(frames[end - 1]):
        end -= 1
    is_from_elsewhere = isinstance(error.__cause__, InAnotherProcess)
    if not (end or is_from_elsewhere):
        return  # nothing of the user's is in it
    kept: list[TracebackType | None] = [frame for frame in frames[:end] if not _is_ours(frame)]
    if not (is_from_elsewhere or type(error).__module__ == _ERRORS):
        kept += frames[end:]
    kept.append(None)
    for frame, following in itertools.pairwise(kept):
        assert frame is not None
        frame.tb_next = following
    error.__traceback__ = kept[0]


def _is_ours(traceback: TracebackType) -> bool:
    return traceback.tb_frame.f_code.co_filename.startswith(_PACKAGE)
