"""The schema's queries alone: for a command that asks one thing and ends.

To put it together takes a third less than the whole, and a command does nothing else for so long.
"""

from __future__ import annotations

from headrace_service.api.building import build

schema = build()
