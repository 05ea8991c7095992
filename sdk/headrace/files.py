"""Files that are written in one step."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4


def write_whole(file: Path, content: bytes) -> None:
    """Write a file, and its folder if need be: whoever reads it gets the old content or the new.

    Raises:
        OSError: it cannot be written.
    """
    draft = file.parent / f".{uuid4().hex}.draft"
    try:
        try:
            draft.write_bytes(content)
        except FileNotFoundError:
            file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(content)
        os.replace(draft, file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
