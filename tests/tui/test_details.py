"""What the details pane says of a run."""

from __future__ import annotations

from headrace_tui.models import RunDetails
from headrace_tui.screens.details import detail_lines
from tests.tui.runs import BEGIN, make_run


def test_it_tells_what_holds_a_run_back() -> None:
    run = make_run(1, "SCHEDULED", kind="flow")
    details = RunDetails(run, [], blocked_by=["Work pool 'pool' is paused.", "Nobody is there."])
    lines = detail_lines(run, details, BEGIN, width=80, names={}, utc=True, ascii_only=True)
    texts = ["".join(text for text, _ in line).strip() for line in lines]
    place = texts.index("Blocked by")
    assert texts[place + 1 : place + 3] == ["Work pool 'pool' is paused.", "Nobody is there."]
