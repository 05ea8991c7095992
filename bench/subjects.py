"""What is measured: headrace, or a peer that offers the same programming model."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"
SOURCES = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is run.

    The counts are of tasks, of log lines, of pages or of batches of a thousand records; `watched`
    are seconds of events; `drain` bounds the seconds waited for the records of one run, `script`
    those of one small process.
    """

    starts: int = 11
    hellos: int = 7
    rounds: int = 5
    services: int = 3
    sequential: int = 20_000
    warm_up: int = 200
    sizes: tuple[int, ...] = (1_000, 10_000, 100_000)
    submit: int = 10_000
    cached: int = 2_000
    coroutines: int = 10_000
    logs: int = 100_000
    batches: int = 100
    million: int = 1_000_000
    pages: int = 100
    background: int = 2_000
    deployed: int = 50
    deployed_at_once: int = 200
    slots_alone: int = 500
    slots_each: int = 20
    watched: int = 10
    drain: float = 120
    script: float = 60


QUICK = Plan(
    starts=3,
    hellos=3,
    rounds=2,
    services=1,
    sequential=5_000,
    sizes=(1_000, 10_000),
    submit=2_000,
    cached=500,
    coroutines=2_000,
    logs=20_000,
    batches=30,
    million=50_000,
    pages=20,
    background=500,
    deployed=20,
    deployed_at_once=100,
    slots_alone=200,
    slots_each=5,
    watched=3,
)
FULL = Plan(sizes=(1_000, 10_000, 100_000, 1_000_000), drain=600)
#: For a peer that needs tens of milliseconds a task: as much as gives a steady rate.
PEER = Plan(
    starts=5,
    hellos=3,
    rounds=2,
    services=2,
    sequential=500,
    warm_up=10,
    sizes=(),
    submit=500,
    cached=100,
    coroutines=100,
    logs=5_000,
    background=50,
    deployed=5,
    deployed_at_once=40,
    slots_alone=20,
    slots_each=1,
    drain=120,
    script=120,
)
PEER_QUICK = Plan(
    starts=2,
    hellos=1,
    rounds=1,
    services=1,
    sequential=100,
    warm_up=5,
    sizes=(),
    submit=100,
    cached=50,
    coroutines=100,
    logs=500,
    background=10,
    deployed=2,
    deployed_at_once=5,
    slots_alone=5,
    slots_each=1,
    drain=90,
    script=90,
)


@dataclass(frozen=True, slots=True)
class Subject:
    """An orchestrator as the benchmarks see it.

    Both kinds keep their runs in one SQLite file under a home folder, in tables `flow_run`,
    `task_run` and `log`, so one set of queries asks when everything has arrived.
    """

    name: str
    version: str
    python: Path
    database: str
    health: str
    api: str
    plan: Plan
    extra: tuple[tuple[str, str], ...] = ()

    def environment(self, home: Path, url: str | None = None) -> dict[str, str]:
        """The environment of a process that keeps its files in `home`, reporting to `url`.

        `PYTHONDONTWRITEBYTECODE` is taken out: an installed program has its bytecode compiled.
        """
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("HEADRACE_", "PREFECT_"))
            and name not in {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH"}
        }
        prefix = self.name.upper()
        environment = {**inherited, **dict(self.extra), f"{prefix}_HOME": str(home)}
        if url is not None:
            environment[f"{prefix}_API_URL"] = url + self.api
        return environment

    def command(self, *arguments: str) -> list[str]:
        """The command line of the orchestrator's own command."""
        script = self.python.parent / self.name
        if script.exists():
            return [str(script), *arguments]
        call = f"from {self.name}.cli import main; main()"
        return [str(self.python), "-c", call, *arguments]

    def program(self, name: str, *arguments: object, folder: Path) -> list[str]:
        """The command line of a program, written to `folder` with this subject's imports."""
        text = (PROGRAMS / f"{name}.py").read_text(encoding="utf-8")
        file = folder / f"{name}.py"
        file.write_text(text.replace("from headrace", f"from {self.name}"), encoding="utf-8")
        return [str(self.python), str(file), *map(str, arguments)]


def headrace(plan: Plan) -> Subject:
    """Headrace as it is imported here: installed, or the folders of this checkout."""
    python = Path(sys.executable)
    here = importlib.util.find_spec("headrace")
    probe = [str(python), "-c", "import headrace; print(headrace.__file__, end='')"]
    installed = subprocess.run(probe, cwd="/", env={}, capture_output=True, text=True, check=False)
    folders = ":".join(str(SOURCES / room) for room in ("sdk", "service", "tui"))
    return Subject(
        name="headrace",
        version=_version(),
        python=python,
        database="ledger.db",
        health="/health",
        api="",
        plan=plan,
        extra=() if here and installed.stdout == here.origin else (("PYTHONPATH", folders),),
    )


def _version() -> str:
    """The version that this checkout's metadata names."""
    import tomllib

    project = tomllib.loads((SOURCES / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])
