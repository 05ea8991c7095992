"""The `headrace` command.

A group's subcommands are modules of this package that define `command`; each is imported when it
is used, so that `headrace --help` and shell completion are quick.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys

import click

from headrace.exceptions import ServiceUnreachable, SetupError

#: Each subcommand with its module and its line of help, which is so known without an import.
SUBCOMMANDS = {
    "artifact": ("headrace.cli.artifact", "Look at what runs have made for people."),
    "automation": ("headrace.cli.automation", "Look at automations, make and pause them."),
    "block": ("headrace.cli.block", "Look at blocks and their types, and delete them."),
    "completion": ("headrace.cli.completion", "Show how to complete commands in your shell."),
    "migrate": ("headrace.cli.migrate", "Turn programs written for Prefect into headrace's."),
    "concurrency-limit": (
        "headrace.cli.concurrency_limit",
        "Limit how many tasks or blocks of code run at once.",
    ),
    "gcl": ("headrace.cli.gcl", "The same limits, with rates, in Prefect's second spelling."),
    "config": ("headrace.cli.config", "See which settings hold, and where they come from."),
    "deployment": ("headrace.cli.deployment", "Look at deployments, run them, pause them."),
    "event": ("headrace.cli.event", "Follow what happens, and tell of events."),
    "flow": ("headrace.cli.flow", "Look at the flows that there are."),
    "flow-run": ("headrace.cli.flow_run", "Look at flow runs, read their logs, cancel them."),
    "work-pool": ("headrace.cli.work_pool", "Manage the pools in which runs wait for workers."),
    "work-queue": ("headrace.cli.work_queue", "Manage the lines of runs within a work pool."),
    "worker": ("headrace.cli.worker", "Execute the runs that wait in work pools."),
    "schedule": ("headrace.cli.schedule", "Look at schedules, add, change and pause them."),
    "schema": ("headrace.cli.schema", "Print the GraphQL schema."),
    "server": ("headrace.cli.server", "Run the service."),
    "task-run": ("headrace.cli.task_run", "Look at task runs and read their logs."),
    "token": ("headrace.cli.token", "Make, list and revoke API tokens."),
    "tui": ("headrace.cli.tui", "Watch runs in the terminal monitor."),
    "variable": ("headrace.cli.variable", "Keep values that programs share."),
    "version": ("headrace.cli.version", "Print the version."),
    "watch": ("headrace.cli.watch", "Follow runs as plain text."),
}

#: Names that Prefect's users know commands by, too.
_OTHER_NAMES = {"global-concurrency-limit": "gcl", "global-concurrency-limits": "gcl"}
#: What is done in place of commands that Prefect's users may look for.
_INSTEAD = {
    "cloud": "There is no cloud: headrace runs on your machines; see docs/operating.md.",
    "dashboard": "The monitor is `headrace tui`.",
    "deploy": "Deployments are made in Python: `flow.deploy(...)` or `flow.serve(...)`.",
    "init": "There is no project file: deployments are made in Python, by `flow.deploy(...)`.",
    "profile": "Settings stand in HEADRACE_HOME/headrace.toml; see `headrace config --help`.",
    "task": "Tasks are served in Python: `task.serve()`.",
}
_INTERRUPTED = 130

#: What it means that something takes no more of what is written to it.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def _singular(name: str) -> str:
    """A name as we have it: Prefect calls many commands in the plural, too."""
    return name if name in SUBCOMMANDS else name.removesuffix("s")


class LazyGroup(click.Group):
    """A group whose subcommands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The subcommands' names."""
        return sorted(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of that name, imported now."""
        from headrace.cli.examples import explain

        name = _singular(_OTHER_NAMES.get(cmd_name, cmd_name))
        if name not in SUBCOMMANDS:
            return None
        command = importlib.import_module(SUBCOMMANDS[name][0]).command
        assert isinstance(command, click.Command)
        explain(name, command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The subcommand that is called; of one that there is not, what comes near it.

        Raises:
            click.UsageError: there is no such command.
        """
        name = args[0]
        known = self.get_command(ctx, name) is not None or name.startswith("-")
        if not known and not ctx.resilient_parsing:  # while a shell completes, nothing fails
            import difflib

            near = difflib.get_close_matches(name, SUBCOMMANDS, 1)
            hint = _INSTEAD.get(_singular(name)) or (f"Did you mean {near[0]!r}?" if near else "")
            ctx.fail(f"No such command {name!r}. {hint}".rstrip())
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Carry out what was called; Ctrl-C ends with 130, as shells have it."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(_INTERRUPTED)
        except click.Abort as abort:  # "no" was answered, or Ctrl-C was
            if isinstance(abort.__context__, KeyboardInterrupt):
                ctx.exit(_INTERRUPTED)
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, SUBCOMMANDS[name][1]) for name in sorted(SUBCOMMANDS)])

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """The subcommands' names, without importing them."""
        found = [
            click.shell_completion.CompletionItem(name, help=text)
            for name, (_, text) in sorted(SUBCOMMANDS.items())
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="headrace", message="%(version)s")
def root() -> None:
    """Python workflows: run them, record them, watch them."""


def _with_hint(error: SetupError) -> str:
    """An error, with what to look at where it does not say so itself."""
    if not isinstance(error, ServiceUnreachable) or "HEADRACE_API_URL" in str(error):
        return str(error)
    return f"{error}; start a service with `headrace server start`, or check HEADRACE_API_URL"


def main() -> None:
    """Run the command; what cannot run as things stand is one line and exit code 1."""
    try:
        root(prog_name="headrace")
    except SetupError as error:
        click.echo(f"Error: {_with_hint(error)}", err=True)
        sys.exit(1)
    except OSError as error:
        if error.errno not in _FULL or error.filename is not None:
            raise
        # What is still to be printed would fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        click.echo(f"Error: the output cannot be written: {error.strerror}", err=True)
        sys.exit(1)
