"""`print` as log lines, for runs with `log_prints=True`.

`builtins.print` is replaced once, when the first such run starts, by a function that looks at the
run that the printing code is in; code of other runs, and outside of runs, prints as ever.
"""

from __future__ import annotations

import builtins
import io
import sys
from typing import Any

from headrace.context import CURRENT_RUN
from headrace.logging import handling, logger_of

_print = builtins.print


def _print_or_log(*values: object, **options: Any) -> None:
    run = CURRENT_RUN.get()
    file = options.get("file")
    own = file is None or file is sys.stdout or file is sys.stderr
    if run is None or not run.log_prints or not own or getattr(handling, "now", False):
        _print(*values, **options)
        return
    text = io.StringIO()
    _print(*values, **{**options, "file": text, "flush": False})
    logger_of(run).info(text.getvalue().rstrip())


def capture_prints() -> None:
    """Make sure that what runs with `log_prints` print is logged."""
    global _print
    if builtins.print is not _print_or_log:
        # Whatever stands there now (a test tool's own, say) goes on doing the printing.
        _print = builtins.print
        builtins.print = _print_or_log
