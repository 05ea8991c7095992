"""What the states of a run tell of its attempts."""

from __future__ import annotations

import pytest

from headrace.records import StateType
from headrace_service.ledger.queries.attempts import attempts_in
from headrace_service.ledger.queries.events import StateRow
from headrace_service.ledger.rows import StatePayload

#: Each state as TYPE or TYPE:Name, and its attempt; they follow one another by a microsecond each.
CASES: dict[str, tuple[str, list[tuple[int, int | None, int | None, str]]]] = {
    "nothing has begun": ("PENDING 0", []),
    "it runs": ("PENDING 0, RUNNING 1", [(1, 1, None, "Running")]),
    "it has ended": ("RUNNING 1, COMPLETED 1", [(1, 0, 1, "Completed")]),
    "it never ran": ("PENDING 0, FAILED 1", [(1, None, 1, "Failed")]),
    "retries at once": (
        "RUNNING 1, RUNNING:Retrying 2, RUNNING:Retrying 3, FAILED 3",
        [(1, 0, 1, "Retrying"), (2, 1, 2, "Retrying"), (3, 2, 3, "Failed")],
    ),
    "a retry after a while, told by the run": (
        "RUNNING 1, SCHEDULED:AwaitingRetry 1, RUNNING:Retrying 2, COMPLETED 2",
        [(1, 0, 1, "AwaitingRetry"), (2, 2, 3, "Completed")],
    ),
    "a retry after its process died, told by the service": (
        "RUNNING 1, SCHEDULED:AwaitingRetry 2, PENDING 2, RUNNING 2",
        [(1, 0, 1, "AwaitingRetry"), (2, 3, None, "Running")],
    ),
    "a retry that somebody asked for": (
        "RUNNING 1, FAILED 1, SCHEDULED:AwaitingRetry 2",
        [(1, 0, 1, "Failed"), (2, None, None, "AwaitingRetry")],
    ),
    "suspended, and on its way again": (
        "RUNNING 1, PAUSED:Suspended 1, SCHEDULED:Resuming 1",
        [(1, 0, None, "Resuming")],
    ),
    "undone": ("RUNNING 1, COMPLETED 1, COMPLETED:RolledBack 1", [(1, 0, 1, "RolledBack")]),
}


@pytest.mark.parametrize("case", CASES)
def test_attempts(case: str) -> None:
    states, expected = CASES[case]
    history = []
    for at, one in enumerate(states.split(", ")):
        said, count = one.split()
        kind, _, name = said.partition(":")
        payload = StatePayload(StateType(kind), name or kind.capitalize(), run_count=int(count))
        history.append(StateRow(at, payload))
    found = [
        (each.number, each.start, each.end, each.state.payload.name)
        for each in attempts_in(history)
    ]
    assert found == expected
