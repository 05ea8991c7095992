"""What the details pane says of a run."""

from __future__ import annotations

from headrace_tui.models import RunDetails
from headrace_tui.operations import Reader
from headrace_tui.screens.details import detail_lines
from tests.tui.runs import BEGIN, make_run


def test_it_tells_what_holds_a_run_back() -> None:
    run = make_run(1, "SCHEDULED", kind="flow")
    details = RunDetails(run, [], blocked_by=["Work pool 'pool' is paused.", "Nobody is there."])
    lines = detail_lines(run, details, BEGIN, width=80, names={}, utc=True, ascii_only=True)
    texts = ["".join(text for text, _ in line).strip() for line in lines]
    place = texts.index("Blocked by")
    assert texts[place + 1 : place + 3] == ["Work pool 'pool' is paused.", "Nobody is there."]


def test_it_tells_who_has_the_slots_for_which_a_task_run_waits() -> None:
    at = "2026-05-01T12:30:00.000000Z"
    state: dict[str, object] = {"type": "SCHEDULED", "name": "AwaitingConcurrencySlot"}
    state |= {"message": None, "timestamp": at, "runCount": 0}
    blocker = {"message": "All slots are taken.", "heldBy": [{"name": "calm-heron"}]}
    data = {
        "id": "1",
        "name": "load-1",
        "taskName": "load",
        "flowRunId": None,
        "inputs": [],
        "state": state,
        "runCount": 0,
        "tags": [],
        "stateHistory": [state],
        "createdAt": at,
        "startTime": None,
        "endTime": None,
        "blockedBy": [
            {**blocker, "heldByTaskRuns": []},
            {**blocker, "heldByTaskRuns": [{"name": f"load-{number}"} for number in range(6)]},
            {**blocker, "heldBy": [], "heldByTaskRuns": []},
        ],
    }
    assert Reader().details(data).blocked_by == [
        "All slots are taken. Held by calm-heron.",
        "All slots are taken. Held by load-0, load-1, load-2, load-3, load-4 and others.",
        "All slots are taken.",
    ]
