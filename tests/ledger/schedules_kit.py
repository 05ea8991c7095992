"""What the tests of schedules share."""

from __future__ import annotations

from headrace_service.ledger import Ledger
from headrace_service.ledger.firing import due_schedules, fire, firings, next_fire


def fire_due(ledger: Ledger, now: int) -> int | None:
    """Let the schedules fire whose time has come, as the scheduler does."""
    due = ledger.read(due_schedules, now).result()
    ledger.write(fire, firings(due, now)).result()
    return ledger.read(next_fire).result()
