"""The command line as a whole: every command is documented, with an example that it takes."""

from __future__ import annotations

import shlex
import sys
import types
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from headrace import flow, variables
from headrace.cli import SUBCOMMANDS, root
from headrace.cli.examples import EXAMPLES
from headrace.testing.utilities import headrace_test_harness
from tests.contract.command_line import commands, render

DOCUMENT = Path(__file__).parents[2] / "docs/command-line.md"


def test_the_document_is_what_the_commands_say() -> None:
    """`python -m tests.contract.command_line > docs/command-line.md` writes it."""
    assert DOCUMENT.read_text() == render()


def test_each_command_has_an_example_that_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flows").mkdir()
    (tmp_path / "automation.json").touch()
    found = dict(commands("", root))
    assert sorted(found) == sorted(EXAMPLES)
    for path, command in found.items():
        words = shlex.split(EXAMPLES[path].partition(" > ")[0])
        called = path.split()
        assert words[: len(called)] == called
        command.make_context(path, words[len(called) :])


def test_the_shell_completes_names() -> None:
    def completed(incomplete: str, *words: str) -> list[str]:
        shell = ShellComplete(root, {}, "headrace", "_HEADRACE_COMPLETE")
        return [each.value for each in shell.get_completions(list(words), incomplete)]

    assert completed("task-", *()) == ["task-run"]
    assert "--deployment" in completed("--d", "flow-run", "ls")
    with headrace_test_harness():
        flow(name="f", flow_run_name="nightly-1")(lambda: None)()
        variables.Variable.set("region", "eu")
        assert completed("night", "flow-run", "inspect") == ["nightly-1"]
        assert completed("", "variable", "get") == ["region"]
        assert completed("", "work-pool", "inspect") == []
        assert completed("", "deployment", "run") == []
        assert completed("", "gcl", "update") == []


def test_help_ends_with_an_example_and_the_exit_codes() -> None:
    shown = CliRunner().invoke(root, ["flow-run", "ls", "--help"]).stdout
    assert "headrace flow-run ls --state failed" in shown
    assert "Exit codes: 0 done, 1 failed, 2 wrong usage, 130" in shown
    own = CliRunner().invoke(root, ["watch", "--help"]).stdout
    assert own.count("xit codes:") == 1


@pytest.mark.parametrize("name", ["flow-runs", "global-concurrency-limit", "work-queues"])
def test_names_that_prefect_has(name: str) -> None:
    assert CliRunner().invoke(root, [name, "--help"]).exit_code == 0


def test_a_command_that_there_is_not() -> None:
    mistyped = CliRunner().invoke(root, ["flow-rnu", "ls"])
    assert (mistyped.exit_code, "Did you mean 'flow-run'?" in mistyped.stderr) == (2, True)
    assert "flow.deploy" in CliRunner().invoke(root, ["deploy"]).stderr


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def command() -> None:
        raise KeyboardInterrupt

    module = types.ModuleType("interrupted")
    module.command = command  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "interrupted", module)
    monkeypatch.setitem(SUBCOMMANDS, "interrupted", ("interrupted", ""))
    assert CliRunner().invoke(root, ["interrupted"]).exit_code == 130
