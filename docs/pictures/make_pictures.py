"""Makes the README's pictures: the monitor on real runs of the examples, as SVG files.

    python docs/pictures/make_pictures.py [FOLDER]

A service on a new ledger, the examples against it as processes of their own, and the monitor
without a terminal; once a run has come far enough, its screen is written down.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from headrace_service.server import start_in_thread
from headrace_tui.app import MonitorApp
from headrace_tui.screens.run import RunScreen
from headrace_tui.screens.runs import RunsScreen

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"

#: What the pictures say the service is called: the real port would differ from picture to picture.
LABEL = "127.0.0.1:4200"

FONTS = "'Fira Code', 'JetBrains Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace"


def start(url: str, script: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Run an example against the service."""
    return subprocess.Popen(
        [sys.executable, str(EXAMPLES / script), *arguments],
        env={**os.environ, "HEADRACE_API_URL": url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def until(pilot: Pilot[Any], condition: Callable[[], bool]) -> None:
    """Let the monitor go on until a condition holds, for half a minute at most."""
    async with asyncio.timeout(30):
        while not condition():
            await pilot.pause(0.05)
    await pilot.pause(0.3)


def save(app: MonitorApp, path: Path) -> None:
    """Write the screen down; the picture asks nobody for a font."""
    picture = app.export_screenshot(title="headrace tui", simplify=True)
    picture = re.sub(r"@font-face\s*{[^}]*}", "", picture)
    picture = re.sub(r"font-family: Fira Code[^;]*;", f"font-family: {FONTS};", picture)
    picture = "\n".join(line.rstrip() for line in picture.splitlines() if line.strip())
    path.write_text(picture + "\n", encoding="utf-8")
    print(path)


async def picture_runs(url: str, folder: Path) -> None:
    """The list of runs, one of them at work."""
    for script, arguments in (
        ("quickstart.py", ()),
        ("pipeline.py", ("--pace", "0.2")),
        ("pipeline.py", ("--pace", "0", "--data", str(folder / "missing"))),
        ("quickstart.py", ()),
        ("pipeline.py", ("--pace", "0")),
    ):
        start(url, script, *arguments).wait()
    app = MonitorApp(url, label=LABEL)
    async with app.run_test(size=(112, 15)) as pilot:
        process = start(url, "pipeline.py")
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        await until(pilot, lambda: any(
            run.state.type == "RUNNING" and run.counts.get("COMPLETED", 0) > 20
            for run in screen.runs.rows.values()
        ))  # fmt: skip
        save(app, folder / "runs.svg")
        process.wait()


async def picture_run(url: str, folder: Path) -> None:
    """One run with its tasks and logs, three quarters through."""
    app = MonitorApp(url, label=LABEL)
    async with app.run_test(size=(150, 42)) as pilot:
        process = start(url, "pipeline.py", "--pace", "1")
        runs = app.screen
        assert isinstance(runs, RunsScreen)
        await until(pilot, lambda: any(not run.is_over for run in runs.runs.rows.values()))
        await pilot.press("g", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        screen = app.screen
        assert isinstance(screen, RunScreen)
        await until(pilot, lambda: len(screen.children_list.keys) > 60)
        await pilot.press("g")
        await until(pilot, lambda: screen.run_seen.counts.get("COMPLETED", 0) >= 24)
        save(app, folder / "run.svg")
        process.wait()


def main() -> None:
    """Make the pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    with tempfile.TemporaryDirectory() as name, start_in_thread(Path(name) / "l.db") as service:
        asyncio.run(picture_runs(service.url, folder))
        asyncio.run(picture_run(service.url, folder))


if __name__ == "__main__":
    main()
