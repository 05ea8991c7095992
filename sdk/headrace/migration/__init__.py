"""Programs written for Prefect, made headrace's: what is rewritten, and what that leaves open.

What is Prefect's is rewritten: imports, names that come from there, `PREFECT_…` variables, and
strings that are nothing but such a name. All else, such as the address of a bucket or a query, may
be the user's data, and is left as it is and named.

Pure functions over text; `headrace migrate` reads and writes the files.
"""

from __future__ import annotations

from headrace.migration.openings import Open, open_points
from headrace.migration.programs import rewrite_program
from headrace.migration.texts import integrations, rewrite_text
from headrace.migration.words import Left, Rewritten

__all__ = [
    "Left",
    "Open",
    "Rewritten",
    "integrations",
    "open_points",
    "rewrite",
    "rewrite_program",
    "rewrite_text",
]


def rewrite(name: str, text: str) -> Rewritten:
    """A file's text as headrace's.

    Args:
        name: the file's name, whose ending tells whether it is a program.
        text: what is in it.
    """
    return rewrite_program(text) if name.endswith((".py", ".pyi")) else rewrite_text(text)
