"""Ids of runs: UUIDs of version 7, which sort by the time they were made."""

from __future__ import annotations

import os
import time
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID, SafeUUID

if TYPE_CHECKING:
    import datetime

# A generator of its own: `random.seed(...)` in a user's flow must not repeat ids, and making ids
# must not disturb the numbers that the flow draws.
_random = Random()
os.register_at_fork(after_in_child=_random.seed)

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_set = object.__setattr__


def new_id() -> UUID:
    """A fresh id.

    The 48 bits of milliseconds are followed by 12 bits of the millisecond's fraction, so that ids
    made one after the other by one thread sort in that order. The UUID is put together without its
    constructor, whose argument checks would cost as much as all the rest.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    value = UUID.__new__(UUID)
    number = (
        (milliseconds << 80)
        | _VERSION
        | ((rest * 4096 // 1_000_000) << 64)
        | _VARIANT
        | _random.getrandbits(62)
    )
    _set(value, "int", number)
    _set(value, "is_safe", SafeUUID.unknown)
    return value


def time_of(id: UUID) -> datetime.datetime:
    """When an id of ours was made, to the millisecond, in UTC."""
    import datetime

    return datetime.datetime.fromtimestamp((id.int >> 80) / 1000, datetime.UTC)
