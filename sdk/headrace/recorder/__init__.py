"""The recorder: takes what a process has to report, and sees it safe in the ledger.

`get_recorder().record(…)` costs the caller less than a microsecond. One thread sends what was
recorded, in order and in numbered batches, to a service or into a local file; while neither can be
reached it keeps the batches on disk, and so does the end of the process.
"""

from __future__ import annotations

from headrace.recorder.buffer import Settled
from headrace.recorder.process import Recorder, get_recorder, settle, shutdown
from headrace.recorder.transport import (
    NotGiven,
    StreamGap,
    Transport,
    TransportAway,
    TransportRefused,
    TransportStumbled,
)

__all__ = [
    "NotGiven",
    "Recorder",
    "Settled",
    "StreamGap",
    "Transport",
    "TransportAway",
    "TransportRefused",
    "TransportStumbled",
    "get_recorder",
    "settle",
    "shutdown",
]
