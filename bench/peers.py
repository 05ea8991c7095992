"""Peers: orchestrators that run the same programs, each in a virtual environment of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from bench.processes import BenchmarkFailed, last_line
from bench.subjects import SOURCES, Plan, Subject

PREFECT_VERSION = "3.9.1"
#: Requirements whose lower bound may be newer than what the package index has. They do not bear on
#: speed; where a bound cannot be met, the newest there is stands in.
RELAXED = ("certifi",)

INSTALL_SECONDS = 1800

REQUIREMENTS_OF = """
import importlib.metadata, json
print(json.dumps(importlib.metadata.requires({name!r})))
"""
VERSION_OF = "import importlib.metadata; print(importlib.metadata.version({name!r}))"


def prefect(plan: Plan) -> Subject:
    """Prefect, installed in `.venv-prefect` when it is not there yet.

    Raises:
        BenchmarkFailed: it cannot be installed.
    """
    folder = SOURCES / ".venv-prefect"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        install_prefect(folder, python)
        (folder / "installed").touch()
    return Subject(
        name="prefect",
        version=_run([str(python), "-c", VERSION_OF.format(name="prefect")]).strip(),
        python=python,
        database="prefect.db",
        health="/api/health",
        api="/api",
        plan=plan,
        extra=(
            ("DO_NOT_TRACK", "1"),
            ("PREFECT_SERVER_ANALYTICS_ENABLED", "false"),
            ("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "90"),
        ),
    )


PEERS: dict[str, Callable[[Plan], Subject]] = {"prefect": prefect}


def install_prefect(folder: Path, python: Path) -> None:
    """Install Prefect from the package index, as near to its own requirements as that allows."""
    print(f"installing prefect {PREFECT_VERSION} into {folder.name} …", file=sys.stderr, flush=True)
    venv.create(folder, with_pip=True, clear=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    wanted = f"prefect=={PREFECT_VERSION}"
    try:
        _run([*pip, wanted])
    except BenchmarkFailed as failure:
        print(f"its requirements cannot all be met: {failure}", file=sys.stderr, flush=True)
        _run([*pip, "--no-deps", wanted])
        listed = json.loads(_run([str(python), "-c", REQUIREMENTS_OF.format(name="prefect")]))
        _run([*pip, *relaxed(listed)])
    _run([str(python), "-m", "compileall", "-q", str(folder / "lib")], may_fail=True)


def relaxed(requirements: list[str]) -> list[str]:
    """The requirements without extras, and without bounds on what is in `RELAXED`."""
    kept = []
    for requirement in requirements:
        if "extra ==" in requirement:
            continue
        name = re.match(r"[\w.-]+", requirement)
        relax = name is not None and name[0].lower() in RELAXED
        kept.append(name[0] if relax and name is not None else requirement)
    return kept


def _run(command: list[str], *, may_fail: bool = False) -> str:
    """Run a command to its end; its standard output."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BenchmarkFailed(f"not done after {INSTALL_SECONDS} s: {command[3:]}") from None
    if done.returncode != 0 and not may_fail:
        raise BenchmarkFailed(last_line(done.stderr))
    return done.stdout
