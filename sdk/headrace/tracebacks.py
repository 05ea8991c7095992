"""Tracebacks of users' errors, without the frames of headrace that stand between the users' own."""

from __future__ import annotations

import itertools
import os
from types import TracebackType

_PACKAGE = os.path.dirname(__file__) + os.sep
#: Where Python keeps what carries our calls to another thread and their errors back.
_CARRIERS = tuple(
    os.path.join(os.path.dirname(os.__file__), name) + os.sep for name in ("asyncio", "concurrent")
)


class InAnotherProcess(Exception):
    """The cause of an error that was raised in another process: shows the traceback there."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def hide_ours(error: BaseException) -> None:
    """Take our frames out of an error's traceback, and of those of the errors that led to it.

    Those behind the user's last one stay, where it was headrace that raised, unless it did so on
    purpose: such an error says what is wrong. So does an error of headrace's that led to another,
    and had nothing of the user's in it.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if _shorten(one) == 0 and one is not error and _is_of_headrace(one):
            one.__traceback__ = None
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def _shorten(error: BaseException) -> int:
    """Take our frames out of one error's traceback; how many of it are not ours."""
    frames, ours = _frames_of(error)
    end = len(frames)
    while end and ours[end - 1]:
        end -= 1
    is_from_elsewhere = isinstance(error.__cause__, InAnotherProcess)
    if not (end or is_from_elsewhere):
        return 0
    users = [frame for frame, is_ours in zip(frames[:end], ours, strict=False) if not is_ours]
    kept: list[TracebackType | None] = [*users]
    if not (is_from_elsewhere or _is_of_headrace(error) or _is_raised(frames[-1])):
        kept += frames[end:]
    kept.append(None)
    for frame, following in itertools.pairwise(kept):
        assert frame is not None
        frame.tb_next = following
    error.__traceback__ = kept[0]
    return len(users)


def _frames_of(error: BaseException) -> tuple[list[TracebackType], list[bool]]:
    """A traceback's frames, outermost first, and which are ours or carry one of our calls."""
    frames: list[TracebackType] = []
    ours: list[bool] = []
    traceback = error.__traceback__
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        is_carried = bool(ours) and ours[-1] and file.startswith(_CARRIERS)
        frames.append(traceback)
        ours.append(is_carried or file.startswith(_PACKAGE))
        traceback = traceback.tb_next
    return frames, ours


def _is_of_headrace(error: BaseException) -> bool:
    return type(error).__module__.startswith("headrace.")


def _is_raised(traceback: TracebackType) -> bool:
    """Whether a frame was left by a `raise`, and not by something that went wrong in it."""
    import opcode  # most processes show no error

    code = traceback.tb_frame.f_code.co_code
    return opcode.opname[code[traceback.tb_lasti]] == "RAISE_VARARGS"
