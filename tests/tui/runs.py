"""Runs for the tests of the monitor."""

from __future__ import annotations

from uuid import UUID

from headrace_tui.models import LogRow, Run, State

BEGIN = 1_800_000_000_000_000


def run_id(number: int) -> str:
    """The id of the `number`th run; ids sort by number."""
    return str(UUID(int=number))


def make_run(
    number: int,
    state: str = "COMPLETED",
    *,
    name: str = "",
    kind: str = "task",
    at: int = 0,
    took: int = 1_000_000,
    **more: object,
) -> Run:
    """A run that started in second `number`, in a state entered `at` microseconds later."""
    started = BEGIN + number * 1_000_000
    over = state in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
    return Run(
        id=run_id(number),
        kind=kind,
        name=name or f"load-{number}",
        group="load",
        state=State(state, state.capitalize(), started + at, None, 1),
        created=started,
        start_time=started,
        end_time=started + took if over else None,
        **more,  # type: ignore[arg-type]
    )


def make_log(number: int, message: str = "", level: int = 20) -> LogRow:
    """The `number`th log line."""
    at = BEGIN + number * 1000
    return LogRow(str(number), at, level, "headrace.flow_runs", message or f"line {number}")
