"""Handlers for loggers of your own.

logging.getLogger("mylib").addHandler(APILogHandler())    # recorded with the run it logs in
"""

from __future__ import annotations

import logging
from typing import TextIO

from headrace.logging.lines import LedgerHandler


class APILogHandler(LedgerHandler):
    """Records lines in the ledger, with the run that they are written in.

    One with the attribute `send_to_api=False` is left out, and one with a `flow_run_id` or
    `task_run_id` goes to that run: `logger.info("...", extra={"send_to_api": False})`.
    """


class HeadraceConsoleHandler(logging.StreamHandler[TextIO]):
    """Writes lines to a stream, by default to standard error.

    Args:
        stream: where to.
        level: the least level of lines that are written.
    """

    def __init__(self, stream: TextIO | None = None, level: int | str = logging.NOTSET) -> None:
        super().__init__(stream)
        self.setLevel(level)
