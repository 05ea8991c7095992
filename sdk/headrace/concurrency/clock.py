"""The clock by which a process counts its leases."""

from __future__ import annotations

import time

#: Linux has one of its own that goes on while the machine sleeps, as leases do.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)


def now() -> float:
    """Seconds on a clock that nobody sets."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)
