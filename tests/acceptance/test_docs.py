"""The programs in the documentation run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "docs/flows-and-tasks.md",
    "docs/results-and-caching.md",
    "docs/concurrency.md",
    "docs/task-runners.md",
    "docs/timeouts-and-cancellation.md",
    "docs/variables-artifacts-blocks.md",
    "docs/client.md",
    "docs/parameters.md",
    "docs/events-and-automations.md",
    "docs/testing.md",
)
PROGRAMS = [
    pytest.param(program, id=f"{page}-{number}")
    for page in PAGES
    for number, program in enumerate(
        re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    )
]


def test_there_are_programs() -> None:
    assert len(PROGRAMS) >= 3


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_runs(program: str, tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(program)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HEADRACE_")}
    answer = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**environment, "HEADRACE_HOME": str(tmp_path / "home")},
    )
    assert answer.returncode == 0, answer.stderr


def test_the_pages_that_are_linked_exist() -> None:
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"
