"""The monitor on a real service: what happens is seen, and every key does what it says."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from headrace.records import FlowRunChanged, StateChange, StateType, now_micros
from headrace_service.ledger import Ledger
from headrace_service.ledger.models import Event
from headrace_service.ledger.queries.events import latest_event
from headrace_service.server import RunningService, start_in_thread
from headrace_tui.app import MonitorApp
from headrace_tui.screens.run import RunScreen
from headrace_tui.screens.runs import RunsScreen
from tests.builders import Stream, delete_old
from tests.tui.script import Script, screen_text, until, until_shown

SMALL, WIDE = (80, 24), (160, 48)


def monitor(service: RunningService, **more: object) -> MonitorApp:
    """The application on a service."""
    return MonitorApp(service.url, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [SMALL, WIDE, (44, 12), (20, 5)])
async def test_an_empty_ledger_says_what_to_do(
    service: RunningService, size: tuple[int, int]
) -> None:
    async with monitor(service).run_test(size=size) as pilot:
        await until_shown(pilot, "No flow runs yet"[: size[0] - 4])


async def test_runs_are_seen_as_they_begin_change_and_end(
    service: RunningService, script: Script
) -> None:
    before = script.flow(name="calm-ibis")
    async with monitor(service).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "calm-ibis", "● live")
        run = script.flow(name="brave-otter")
        first, second = script.task(run), script.task(run)
        await until_shown(pilot, "brave-otter", "0/2")
        script.enter(first, "COMPLETED")
        script.enter(second, "FAILED")
        await until_shown(pilot, "2/2", "✗1")
        script.enter(run, "COMPLETED")
        script.enter(before, "RUNNING", "Retrying", run_count=3)
        await until_shown(pilot, "✓ Completed", "↻ Retrying", "▶ 1 running")


async def test_the_cursor_stays_on_its_run_and_enter_opens_that_one(
    service: RunningService, script: Script
) -> None:
    script.flow(name="calm-ibis")
    async with monitor(service).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "❯ ▶ Running     calm-ibis")
        script.flow(name="brave-otter")
        await until_shown(pilot, "brave-otter", "❯ ▶ Running     calm-ibis")
        await pilot.press("enter")
        await until_shown(pilot, "etl › calm-ibis")
        await pilot.press("escape")
        await until_shown(pilot, "brave-otter", "› Runs")


async def test_a_filter_narrows_as_one_types_and_escape_gives_it_up(
    service: RunningService, script: Script
) -> None:
    script.enter(script.flow(name="calm-ibis"), "FAILED")
    script.flow(name="brave-otter")
    async with monitor(service).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "calm-ibis", "brave-otter")
        await pilot.press("slash", *"state:fa")
        await until(pilot, lambda: "brave-otter" not in screen_text(pilot), "the filter")
        assert "calm-ibis" in screen_text(pilot)
        await pilot.press("enter")
        assert "1 of 2" in screen_text(pilot)
        await pilot.press("escape")
        await until_shown(pilot, "calm-ibis", "brave-otter")
        await pilot.press("f")
        await until(pilot, lambda: "brave-otter" not in screen_text(pilot), "failed only")
        await pilot.press("slash", *"nothing", "escape", "escape")
        await until_shown(pilot, "brave-otter")
        assert isinstance(pilot.app.screen, RunsScreen)


async def test_a_run_shows_its_tasks_and_logs_as_they_come(
    service: RunningService, script: Script
) -> None:
    run = script.flow(name="brave-otter", parameters={"day": "2026-11-23"})
    script.log(run, "before the monitor")
    async with monitor(service, run_id=str(run.id)).run_test(size=WIDE) as pilot:
        await until_shown(pilot, "etl › brave-otter", "before the monitor", "No tasks yet")
        task = script.task(run, "extract")
        script.log(run, "reading \x1b[2Jnow", task=task)
        script.log(run, "Traceback\n  deep", level=40, task=task)
        await until_shown(pilot, "▶ Running     extract", "extract  ", "reading now", "  deep")
        script.enter(task, "FAILED", message="ValueError: bad row")
        sub = script.flow("transform", "mild-wren", parent_flow_run_id=run.id)
        await until_shown(pilot, "✗ Failed      extract", "transform mild-wren", "1/1 tasks")
        script.enter(sub, "COMPLETED")
        script.enter(run, "FAILED", message="1 of 1 task runs failed")
        await until_shown(pilot, "✗ Failed  ", "1 of 1 task runs failed")
        await pilot.press("d")
        await until_shown(pilot, '"day": "2026-11-23"', "States", str(run.id))


async def test_a_clock_that_steps_back_keeps_no_run_running(
    service: RunningService, script: Script
) -> None:
    run = script.flow(name="brave-otter")
    task = script.task(run, "extract")
    async with monitor(service).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "▶ Running     brave-otter", "0/1")
        script.enter(task, "COMPLETED", later=-3_600_000_000)
        await until_shown(pilot, "▶ Running     brave-otter", "1/1")
        await pilot.press("enter")
        await until_shown(pilot, "✓ Completed   extract")
        again = script.task(run, "load")
        await until_shown(pilot, "▶ Running     load")
        script.enter(again, "COMPLETED", later=-3_600_000_000)
        script.enter(run, "COMPLETED", later=-3_600_000_000)
        await until_shown(pilot, "✓ Completed   load", "✓ Completed  0ms")
        await pilot.press("escape")
        await until_shown(pilot, "✓ Completed   brave-otter")


async def test_no_text_of_a_run_acts_on_the_terminal(
    service: RunningService, script: Script
) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31mbad\u202e"
    run = script.flow(
        evil, evil, flow_version=evil, tags=[evil], parameters={evil: evil, "deep": [evil]}
    )
    task = script.task(run, evil, tags=[evil], inputs={evil: [run.id]})
    script.enter(task, "FAILED", evil, message=evil)
    script.log(run, evil, logger=evil)
    script.log(run, evil, task=task)
    script.enter(run, "FAILED", evil, message=evil)
    async with monitor(service).run_test(size=WIDE) as pilot:
        await until_shown(pilot, "✗ bad")
        for keys in ("enter", "d", "1 enter", "d"):
            await pilot.press(*keys.split())
            await until_shown(pilot, "✗ bad" if keys != "d" else "States")
            shown = screen_text(pilot).replace("\n", "")
            assert shown.isprintable(), [part for part in shown if not part.isprintable()]


async def test_a_view_whose_parts_are_still_put_together_bears_ticks_and_keys(
    service: RunningService, script: Script
) -> None:
    run, app = script.flow(name="calm-ibis"), monitor(service)
    async with app.run_test(size=WIDE) as pilot:
        await until_shown(pilot, "calm-ibis")
        details = await app.gateway.flow_run(str(run.id))
        opened = app.push_screen(RunScreen(details.run))
        assert not app.screen.is_mounted
        app._tick()
        app.action_cycle_times()
        await app.action_reconnect()
        await opened
        await until_shown(pilot, "etl › calm-ibis")
        screen = app.screen
    assert not screen.children  # nor does the clock find anything once all is over
    app._tick()


async def test_lines_bear_the_name_of_what_wrote_them(
    service: RunningService, script: Script
) -> None:
    run = script.flow(name="calm-ibis")
    task = script.task(run, "extract")
    script.log(run, "of the flow")
    script.log(run, "of the task", task=task)
    script.log(run, "of a library", logger="headrace.sql")
    async with monitor(service, run_id=str(run.id)).run_test(size=WIDE) as pilot:
        await until_shown(
            pilot, "calm-ibis of the flow", "extract   of the task", "sql       of a library"
        )
        await pilot.press("up", "enter")
        await until_shown(pilot, "Task › extract", " I of the task")


async def test_a_long_message_can_be_read_to_its_end(
    service: RunningService, script: Script
) -> None:
    run = script.flow(name="calm-ibis")
    script.enter(run, "RUNNING", "Retrying", run_count=2)
    script.enter(run, "FAILED", message="x" * 500 + "the end", run_count=2)
    async with monitor(service, run_id=str(run.id)).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "etl › calm-ibis", "1 retry")
        await pilot.press("d")
        await until_shown(pilot, "States")
        await pilot.press("G")
        await until_shown(pilot, "the end")


async def test_panes_are_tabs_where_there_is_little_room(
    service: RunningService, script: Script
) -> None:
    run = script.flow(name="brave-otter")
    task = script.task(run, "extract")
    script.log(run, "a line", task=task)
    async with monitor(service, run_id=str(run.id)).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "Tasks 1  Logs 1  Details", "extract")
        assert "a line" not in screen_text(pilot)
        await pilot.press("tab")
        await until_shown(pilot, "a line", "following")
        await pilot.press("3")
        await until_shown(pilot, "Parameters")
        await pilot.press("1", "down", "enter")
        await until_shown(pilot, "Task › extract", "a line")
        await pilot.press("tab")
        await until_shown(pilot, "part of", "States")
        await pilot.press("q")
        await until_shown(pilot, "etl › brave-otter")
        await pilot.resize_terminal(*WIDE)
        await until_shown(pilot, "extract", "a line")


async def test_scrolling_up_stops_following_and_counts_what_comes(
    service: RunningService, script: Script
) -> None:
    run = script.flow()
    script.log(run, *(f"line {number:03}" for number in range(450)))
    async with monitor(service, run_id=str(run.id)).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "etl › calm-heron")
        await pilot.press("l")
        await until_shown(pilot, "line 449", "● following", "Logs 200+")
        await pilot.press("ctrl+u")
        assert "line 449" not in screen_text(pilot)
        script.log(run, "one more", "and another")
        await until_shown(pilot, "+2 new")
        await pilot.press("G")
        await until_shown(pilot, "and another", "● following")
        await pilot.press("g")
        await until_shown(pilot, "Logs 402+")
        await pilot.press("g")
        await until_shown(pilot, "Logs 452 ")
        await pilot.press("g")
        await until_shown(pilot, "line 000")


async def test_logs_are_filtered_by_level_and_text(service: RunningService, script: Script) -> None:
    run = script.flow()
    script.log(run, "all is well", "nothing to see")
    script.log(run, "it broke", level=40)
    async with monitor(service, run_id=str(run.id)).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "etl › calm-heron")
        await pilot.press("l")
        await until_shown(pilot, "it broke", "all is well")
        await pilot.press("L", "L")
        await until(pilot, lambda: "all is well" not in screen_text(pilot), "the level")
        assert "≥WARNING" in screen_text(pilot)
        await pilot.press("L", "L", "slash", *"SEE", "enter")
        await until(pilot, lambda: "it broke" not in screen_text(pilot), "the search")
        assert "nothing to see" in screen_text(pilot)


async def test_painting_is_paused_and_what_came_is_shown_after(
    service: RunningService, script: Script
) -> None:
    script.flow(name="calm-ibis")
    async with monitor(service).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "calm-ibis")
        await pilot.press("p")
        script.flow(name="brave-otter")
        await until_shown(pilot, "paused, +1 new")
        assert "brave-otter" not in screen_text(pilot)
        await pilot.press("p")
        await until_shown(pilot, "brave-otter")


async def test_a_finished_run_is_opened_at_its_first_task(
    service: RunningService, script: Script
) -> None:
    run = script.flow(name="calm-ibis")
    for name in ("extract", "load"):
        script.enter(script.task(run, name), "COMPLETED")
    script.enter(script.flow("transform", "mild-wren", parent_flow_run_id=run.id), "COMPLETED")
    script.enter(run, "COMPLETED")
    async with monitor(service, run_id=str(run.id)).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "❯ ✓ Completed   extract", "mild-wren", "sort: start")


async def test_a_long_run_is_loaded_page_by_page_and_followed(
    service: RunningService, script: Script
) -> None:
    run = script.flow()
    tasks = script.tasks(run, 450)
    async with monitor(service, run_id=str(run.id)).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "Tasks 450 ", "load-449", "● following")
        script.enter(tasks[0], "FAILED")
        await pilot.press("f")
        await until_shown(pilot, "✗ Failed      load-0")
        await pilot.press("f", "s", "s")
        await until_shown(pilot, "❯ ✗ Failed      load-0", "sort: failed first")


async def test_an_id_is_copied_through_the_terminal(
    service: RunningService, script: Script
) -> None:
    run = script.flow(name="calm-ibis")
    app = monitor(service)
    async with app.run_test(size=SMALL) as pilot:
        await until_shown(pilot, "calm-ibis")
        await pilot.press("y")
        assert app.clipboard == str(run.id)


async def test_help_and_palette_come_from_the_registry(
    service: RunningService, script: Script
) -> None:
    script.flow(name="calm-ibis")
    async with monitor(service).run_test(size=WIDE) as pilot:
        await until_shown(pilot, "calm-ibis")
        await pilot.press("question_mark")
        await until_shown(pilot, "Open the run under the cursor", "Only what failed or crashed")
        await pilot.press("escape", "colon")
        await until_shown(pilot, "Search for commands")
        await pilot.press(*"failed or crashed")
        await until_shown(pilot, "Only what failed or crashed")
        await pilot.press("enter", "enter")
        await until_shown(pilot, "No run fits the filter")


async def test_the_way_out_is_shown_and_the_help_is_whole_where_there_is_little_room(
    service: RunningService, script: Script
) -> None:
    run = script.flow(name="calm-ibis")
    async with monitor(service, run_id=str(run.id)).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "etl › calm-ibis")
        for size in ((40, 10), SMALL):
            await pilot.resize_terminal(*size)
            for key in "123":
                await pilot.press(key)
                await until_shown(pilot, "q back", "? help")
        await pilot.press("question_mark")
        await until_shown(pilot, "One run", "Hold the picture still; what happens is counted")
        assert "and shown after" in screen_text(pilot)
        await pilot.resize_terminal(60, 24)
        await until_shown(pilot, "One run", "Hold the picture still; what\n"[:-1])
        await pilot.press("G")
        await until_shown(pilot, "beginning", "either: state:failed,crashed")


async def test_times_are_local_utc_or_relative(service: RunningService, script: Script) -> None:
    script.flow(name="calm-ibis")
    async with monitor(service).run_test(size=WIDE) as pilot:
        await until_shown(pilot, "calm-ibis")
        await pilot.press("T", "T")
        await until_shown(pilot, " ago")


async def test_the_monitor_comes_back_after_the_service_and_misses_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.db"
    first = start_in_thread(path)
    port = int(first.url.rsplit(":", 1)[1])
    run = Script(first).flow(name="calm-ibis")
    async with monitor(first).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "calm-ibis", "● live")
        first.stop()
        await until_shown(pilot, "○ reconnecting #", "old", "calm-ibis")
        with start_in_thread(path, port=port) as second:
            again = Script(second)
            again.enter(run, "COMPLETED")
            again.flow(name="brave-otter")
            await pilot.press("ctrl+r")
            await until_shown(pilot, "● live", "brave-otter", "✓ Completed   calm-ibis")


async def test_another_ledger_behind_the_address_is_loaded_anew(tmp_path: Path) -> None:
    first = start_in_thread(tmp_path / "one.db")
    port = int(first.url.rsplit(":", 1)[1])
    script = Script(first)
    for _ in range(5):
        script.enter(script.flow(name="calm-ibis"), "COMPLETED")
    async with monitor(first).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "calm-ibis", "● live")
        first.stop()
        with start_in_thread(tmp_path / "two.db", port=port) as second:
            Script(second).flow(name="brave-otter")
            await pilot.press("ctrl+r")
            await until_shown(pilot, "● live", "brave-otter")
            assert "calm-ibis" not in screen_text(pilot)


async def test_what_was_deleted_meanwhile_is_loaded_anew(tmp_path: Path) -> None:
    """The monitor was away for so long that the events it has missed are gone."""
    path = tmp_path / "ledger.db"
    first = start_in_thread(path)
    port = int(first.url.rsplit(":", 1)[1])
    run = Script(first).flow(name="calm-ibis")
    async with monitor(first).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "calm-ibis", "● live")
        first.stop()
        ledger = Ledger.open(path)
        with closing(ledger):
            ended = StateChange(StateType.COMPLETED, "Completed", now_micros(), None, 1)
            ledger.append(Stream().batch(FlowRunChanged(run.id, ended))).result()
            ledger.write(delete_old, Event, ledger.read(latest_event).result()).result()
        with start_in_thread(path, port=port):
            await pilot.press("ctrl+r")
            await until_shown(pilot, "● live", "✓ Completed   calm-ibis")


async def test_a_service_that_is_away_from_the_beginning_is_told() -> None:
    async with MonitorApp("http://127.0.0.1:9").run_test(size=SMALL) as pilot:
        await until_shown(pilot, "○ reconnecting #", "No answer from http://127.0.0.1:9")


async def test_no_such_run_is_told(service: RunningService) -> None:
    missing = "00000000-0000-7000-8000-000000000000"
    async with monitor(service, run_id=missing).run_test(size=SMALL, notifications=True) as pilot:
        await until_shown(pilot, "There is no run", missing)


async def test_ascii_alone(service: RunningService, script: Script) -> None:
    run = script.flow(name="calm-ibis")
    script.log(run, "a line")
    script.enter(script.task(run, "a-task-with-a-name-that-is-longer-than-its-column"), "FAILED")
    async with monitor(service, ascii_only=True).run_test(size=SMALL) as pilot:
        await until_shown(pilot, "calm-ibis", "* live")
        assert screen_text(pilot).isascii()
        await pilot.press("enter")
        await until_shown(pilot, "a-task-with")
        assert screen_text(pilot).isascii()
        await pilot.press("l")
        await until_shown(pilot, "a line")
        assert screen_text(pilot).isascii()


async def test_no_color_leaves_no_colour(
    service: RunningService, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    script.flow(name="calm-ibis")
    app = monitor(service)
    async with app.run_test(size=SMALL) as pilot:
        await until_shown(pilot, "calm-ibis")
        for strip in app.screen._compositor.render_strips():
            for _, style, _ in strip:
                assert style is not None
                for colour in (style.color, style.bgcolor):
                    assert colour is None or colour.is_default


async def test_q_leaves_the_views_one_by_one_and_then_the_application(
    service: RunningService, script: Script
) -> None:
    script.flow(name="calm-ibis")
    app = monitor(service)
    async with app.run_test(size=SMALL) as pilot:
        await until_shown(pilot, "calm-ibis")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen), "the run's view")
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen), "the list")
        await pilot.press("q")
    assert app.return_value == 0
