"""What a command or an import loads: nothing heavy before it is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "asyncio",
    "cloudpickle",
    "graphql",
    "httpx",
    "peewee",
    "pydantic",
    "rich",
    "starlette",
    "strawberry",
    "textual",
    "uvicorn",
    "websockets",
)

#: What takes milliseconds each, and what decorating a function or calling it needs at the earliest.
SLOW = (
    "datetime",
    "decimal",
    "inspect",
    "ipaddress",
    "json",
    "logging",
    "msgspec",
    "pathlib",
    "sqlite3",
    "typing_extensions",
    "uuid",
)

#: What of ours the import of the decorators loads; another one belongs here with good reason only.
OF_DECORATORS = {
    "headrace",
    "headrace.class_bodies",
    "headrace.definitions",
    "headrace.deployable",
    "headrace.exceptions",
    "headrace.flows",
    "headrace.lazy",
    "headrace.options",
    "headrace.results",
    "headrace.results.options",
    "headrace.tasks",
    "headrace.text",
    "headrace.tracebacks",
    "headrace.utilities",
    "headrace.utilities.annotations",
    "headrace.utilities.asyncutils",
    "headrace.utilities.loops",
}

#: A statement, and what of the heavy it may load.
CASES = {
    "import headrace": set(),
    "from headrace import flow, task": set(),
    "import headrace.records, headrace.settings, headrace.exceptions": set(),
    "import headrace.recorder": set(),
    "import headrace.client": set(),
    "from headrace.web import httpx": {"httpx"},
    "import headrace.cli": set(),
    "import headrace_service.ledger": {"peewee"},
    "import headrace_tui": set(),
}


def modules_after(statement: str, **environment: str) -> set[str]:
    """The modules that a new interpreter has loaded after the statement."""
    answer = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return set(answer.stdout.split())


def loaded_by(statement: str) -> set[str]:
    """The heavy packages among them."""
    return {name.split(".")[0] for name in modules_after(statement)} & set(HEAVY)


@pytest.mark.parametrize("statement", CASES)
def test_an_import_loads_nothing_heavy(statement: str) -> None:
    assert loaded_by(statement) <= CASES[statement]


def test_the_check_sees_what_is_loaded() -> None:
    assert loaded_by("import httpx") >= {"httpx"}


def test_the_decorators_load_nothing_that_they_do_not_need() -> None:
    modules = modules_after("from headrace import flow, task")
    already = modules_after("pass")  # by the interpreter: a coverage tool, a hook of site-packages
    assert {name for name in modules if name.split(".")[0] == "headrace"} == OF_DECORATORS
    assert (modules - already) & set(SLOW) == set()


def test_a_script_that_makes_its_ledger_loads_no_other_database_and_no_event_loop(
    tmp_path: Path,
) -> None:
    script = "from headrace import flow\n@flow\ndef hello(): pass\nhello()"
    modules = modules_after(script, HEADRACE_HOME=str(tmp_path), HEADRACE_API_URL="")
    assert (tmp_path / "ledger.db").exists()
    unneeded = {"importlib.abc", "psycopg", "shutil", *HEAVY} - {"peewee"}
    assert (modules - modules_after("pass")) & unneeded == set()


@pytest.mark.parametrize("arguments", [["--help"], ["server", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    program = f"from headrace.cli import main\nimport sys\nsys.argv = ['headrace', *{arguments!r}]"
    run = f"{program}\ntry:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    # The help goes to standard output: only the last line is ours.
    answer = subprocess.run(
        [sys.executable, "-c", f"{run}\nprint()\nprint(*sorted(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    modules = {name.split(".")[0] for name in answer.stdout.splitlines()[-1].split()}
    assert modules & set(HEAVY) == set()


def test_a_command_that_asks_one_thing_loads_no_mutations() -> None:
    program = (
        "import sys\nfrom headrace.client import Client\nfrom headrace.testing.utilities import "
        "headrace_test_harness\nwith headrace_test_harness(), Client() as client:\n"
        "    client.flow_runs()\n    before = 'headrace_service.api.mutations' in sys.modules\n"
        "    client.execute('{ __schema { queryType { name } } }')\n"
        "    print(before, 'headrace_service.api.mutations' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.stdout == "False True\n", answer.stderr
