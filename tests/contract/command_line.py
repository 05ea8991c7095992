"""Prints docs/command-line.md: `python -m tests.contract.command_line > docs/command-line.md`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from headrace.cli import root
from headrace.cli.examples import EXAMPLES

_HEAD = """# The command line

Everything that `headrace` can be told in a shell. Each command's `--help` has its options, an
example and its exit codes.

- They ask the service at `HEADRACE_API_URL`; without it, the ledger of this machine.
- A run is called by its id or its name, a deployment by its id or `flow/name`.
- People read tables, by the clock of this machine, cut to the width of their terminal. Programs
  read `--json` (or `-o json`): standard output is JSON then, as GraphQL names and forms things,
  times in UTC, and nothing when the command fails. What else there is to say goes to standard
  error, errors too, in one line.
- A list that was cut says so on standard error, and how it goes on: `--limit N`, `--after CURSOR`.
- Exit codes: 0 done, 1 failed, 2 wrong usage, 130 ended by Ctrl-C. `headrace watch` tells by its
  own how the run has ended.
- Who deletes is asked, where there is a terminal; `--yes` is the answer.
- `NO_COLOR=1` leaves out colours.
- `headrace completion` shows how your shell completes commands and the names of runs, deployments,
  pools, limits and variables.

Names that `prefect` has for a command (`flow-runs`, `global-concurrency-limit`, `-o json`) are
understood. There is no `deploy`, `init` or `profile`: deployments are made in Python, and settings
stand in a [file](settings.md).
"""


def commands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """A command, or those that a group is made of, by how they are called."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from commands(f"{path} {name}".strip(), found)


def _called(path: str, command: click.Command) -> str:
    context = click.Context(command)
    arguments = [
        param.make_metavar(context) for param in command.params if isinstance(param, click.Argument)
    ]
    return " ".join([path, *arguments])


def render() -> str:
    """The document."""
    lines, group = [_HEAD], ""
    for path, command in commands("", root):
        first = path.partition(" ")[0]
        if first != group:
            group = first
            lines += [f"## {group}", "", "| command | what it does | example |", "|---|---|---|"]
        told = command.get_short_help_str(200)
        cells = (f"`{_called(path, command)}`", told, f"`headrace {EXAMPLES[path]}`")
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    text = "\n".join(lines)
    return text.replace("|\n## ", "|\n\n## ") + "\n"


if __name__ == "__main__":
    print(render(), end="")
