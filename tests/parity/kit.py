"""The programs of the parity corpus: where they are, and how one is run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent / "programs"

#: What stands for the answer of a program that does not end.
TOO_LATE = "still running after 90 s\n"


def names() -> list[str]:
    """All programs, as area/name."""
    return sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.py"))


def source(name: str) -> str:
    """A program's text."""
    return (FOLDER / f"{name}.py").read_text()


def answer(name: str) -> Path:
    """The file with what a program has to print, and its exit code in the last line."""
    return FOLDER / f"{name}.out"


def run(text: str, environment: dict[str, str], python: str = sys.executable) -> tuple[str, str]:
    """Run a program in a folder of its own.

    Returns:
        Its standard output, with the exit code in a last line; and its standard error.
    """
    with tempfile.TemporaryDirectory() as folder:
        # One name for all: a program must not stand for a module that somebody imports.
        Path(folder, "program.py").write_text(text)
        try:
            done = subprocess.run(
                [python, "program.py"],
                cwd=folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=90,
            )
        except subprocess.TimeoutExpired as late:
            return TOO_LATE, str(late.stderr)
    printed = done.stdout if done.stdout.endswith("\n") or not done.stdout else done.stdout + "\n"
    return f"{printed}exit {done.returncode}\n", done.stderr
