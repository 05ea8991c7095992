"""What a script would record, and how tests wait for it to be seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import uuid_utils.compat as uuids
from textual.pilot import Pilot
from textual.widget import Widget

from headrace.records import (
    FlowRunChanged,
    FlowRunCreated,
    LogLine,
    Record,
    StateChange,
    StateType,
    TaskRunChanged,
    TaskRunCreated,
    now_micros,
)
from headrace_service.server import RunningService
from tests.builders import Stream


class Script:
    """Records flow runs, as a process that runs flows does. Each call is committed at once."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        self._stream = Stream()

    def record(self, *records: Record) -> None:
        """Append to the ledger, and wait until it is committed."""
        ack = self.service.ledger.append(self._stream.batch(*records)).result(10)
        assert not ack.refused

    def flow(self, flow_name: str = "etl", name: str = "calm-heron", **more: Any) -> FlowRunCreated:
        """A flow run begins."""
        run = FlowRunCreated(uuids.uuid7(), flow_name, name, state("RUNNING"), **more)
        self.record(run)
        return run

    def task(self, owner: FlowRunCreated, name: str = "load", **more: Any) -> TaskRunCreated:
        """A task run begins."""
        run = TaskRunCreated(
            uuids.uuid7(), name, name, state("RUNNING"), flow_run_id=owner.id, **more
        )
        self.record(run)
        return run

    def tasks(self, owner: FlowRunCreated, count: int) -> list[TaskRunCreated]:
        """Many task runs begin at once."""
        runs = [
            TaskRunCreated(
                uuids.uuid7(), "load", f"load-{number}", state("RUNNING"), flow_run_id=owner.id
            )
            for number in range(count)
        ]
        self.record(*runs)
        return runs

    def enter(
        self,
        run: FlowRunCreated | TaskRunCreated,
        kind: str,
        name: str | None = None,
        *,
        run_count: int = 1,
        message: str | None = None,
        later: int = 0,
    ) -> None:
        """A run enters a state, by a clock that is `later` microseconds ahead, or behind."""
        change = FlowRunChanged if isinstance(run, FlowRunCreated) else TaskRunChanged
        entered = state(kind, name, run_count=run_count, message=message, later=later)
        self.record(change(run.id, entered))

    def log(
        self,
        owner: FlowRunCreated,
        *messages: str,
        level: int = 20,
        task: TaskRunCreated | None = None,
        logger: str = "",
    ) -> None:
        """Log lines are written."""
        logger = logger or f"headrace.{'flow' if task is None else 'task'}_runs"
        self.record(
            *(
                LogLine(now_micros(), level, logger, message, owner.id,
                        None if task is None else task.id)
                for message in messages
            )
        )  # fmt: skip


def state(
    kind: str,
    name: str | None = None,
    *,
    run_count: int = 1,
    message: str | None = None,
    later: int = 0,
) -> StateChange:
    """A state that is entered now."""
    at = now_micros() + later
    return StateChange(StateType(kind), name or kind.capitalize(), at, message, run_count)


def rows_of(widget: Widget) -> list[str]:
    """What a widget shows, line by line."""
    return [widget.render_line(y).text.rstrip() for y in range(widget.size.height)]


def screen_text(pilot: Pilot[Any]) -> str:
    """What the screen shows."""
    lines = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in lines)


async def until(pilot: Pilot[Any], condition: Callable[[], bool], what: str) -> None:
    """Let the application go on until `condition` holds.

    Raises:
        AssertionError: it did not hold within ten seconds; says what the screen shows.
    """
    for _ in range(500):
        await pilot.pause(0.02)
        if condition():
            await pilot.pause()
            return
    raise AssertionError(f"{what} did not come about; the screen shows\n{screen_text(pilot)}")


async def until_shown(pilot: Pilot[Any], *texts: str) -> None:
    """Let the application go on until the screen shows all of the texts."""
    await until(
        pilot,
        lambda: all(text in screen_text(pilot) for text in texts),
        " and ".join(map(repr, texts)),
    )
