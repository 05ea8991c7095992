"""What `headrace concurrency-limit` and `headrace gcl` do: two spellings of the same."""

from __future__ import annotations

from typing import Any

import click

from headrace.cli import completing
from headrace.cli.looks import shown
from headrace.cli.output import (
    confirm,
    found,
    json_option,
    perform,
    perform_all,
    show_json,
    show_line,
    show_table,
)

Object = dict[str, Any]


class SlotsType(click.IntRange):
    """A number of slots."""

    def __init__(self) -> None:
        super().__init__(0, 2**31 - 1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number.

        Raises:
            click.BadParameter: it is none that there could be.
        """
        try:
            slots = int(value)
        except ValueError:
            self.fail(f"{value!r} is no whole number; it must be 0 or more.", param, ctx)
        if not 0 <= slots < 2**31:
            must = "0 or more" if slots < 0 else f"{2**31 - 1} or less"
            self.fail(f"{slots} is out of range; it must be {must}.", param, ctx)
        return slots


SLOTS = SlotsType()


class TakesSlots(click.Command):
    """A command with a number of slots as an argument: "-1" is such a number, and no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; see `click.Command.parse_args`."""
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            for each in given:
                if each.startswith(error.option_name) and each[1:].isdecimal():
                    (param,) = (one for one in self.params if one.name == "limit")
                    SLOTS.convert(each, param, ctx)
            raise


total_option = click.option(
    "--total",
    type=SLOTS,
    help="How many slots all keys together may take; 0 is any number.",
)


def create(
    name: str,
    limit: int,
    decay: float | None = None,
    active: bool | None = None,
    total: int | None = None,
) -> Object:
    """Make a limit."""
    from headrace.client import limit_operations

    return perform(limit_operations.create_concurrency_limit(name, limit, active, decay, total))


def update(
    name: str,
    limit: int | None = None,
    decay: float | None = None,
    active: bool | None = None,
    total: int | None = None,
) -> Object:
    """Change a limit."""
    from headrace.client import limit_operations

    return perform(limit_operations.update_concurrency_limit(name, limit, active, decay, total))


def list_all() -> list[Object]:
    """All limits, by name."""
    from headrace.client import limit_operations

    return perform_all(limit_operations.concurrency_limits)


def show_list(as_json: bool) -> None:
    """Print all limits: a line each."""
    limits = list_all()
    if as_json:
        show_json(limits)
    elif not limits:
        click.echo("No concurrency limits found.")
    else:
        rows = [
            (
                limit["name"],
                limit["limit"],
                _number(limit["slotsTaken"]),
                _number(limit["slotDecayPerSecond"]),
                limit["active"],
            )
            for limit in limits
        ]
        show_table(("NAME", "LIMIT", "TAKEN", "DECAY/S", "ACTIVE"), rows)


def show_one(name: str, as_json: bool) -> None:
    """Print a limit with its holders and those who wait."""
    from headrace.client import limit_operations

    limit = found(perform(limit_operations.holders_of_limit(name)), f"concurrency limit {name!r}")
    if as_json:
        show_json(limit)
        return
    decay = limit["slotDecayPerSecond"]
    show_line(f"Concurrency limit {limit['name']!r}")
    show_line(f"  id       {limit['id']}")
    show_line(f"  limit    {limit['limit']}{'' if limit['active'] else ' (not active)'}")
    if limit["total"] is not None:
        show_line(f"  total    {limit['total']} for all keys")
    if decay:
        show_line(f"  decay    {_number(decay)} slots a second")
    show_line(f"  taken    {_number(limit['slotsTaken'])}")
    for title, claims in (("holders", limit["holders"]), ("waiters", limit["waiters"])):
        show_line(f"  {title}  {'none' if not claims else ''}".rstrip())
        for claim in claims:
            show_line(f"    {_claim(claim)}")


def _claim(claim: Object) -> str:
    run = claim["taskRun"] or claim["flowRun"]
    kind = "task run" if claim["taskRun"] else "flow run"
    who = f"{kind} {run['name']!r} ({run['id']})" if run else "no run"
    slots = "1 slot" if claim["slots"] == 1 else f"{claim['slots']} slots"
    where = f"process {claim['pid']} on {claim['host']}" if claim["host"] else "no process yet"
    if claim["key"]:
        slots = f"{slots} of key {claim['key']!r}"
    until = shown("until", claim["until"]) if claim["until"] else "it is given back"
    return f"{slots}, {who}, {where}, since {shown('since', claim['since'])}, until {until}"


def _number(value: float) -> str:
    return f"{value:.10g}"


def add_common_commands(group: click.Group) -> None:
    """Give a group the subcommands that both spellings share: ls, inspect, reset and delete."""

    @group.command("ls")
    @json_option
    def ls_command(as_json: bool) -> None:
        """List the limits."""
        show_list(as_json)

    @group.command("inspect")
    @click.argument("name", shell_complete=completing.limits)
    @json_option
    def inspect_command(name: str, as_json: bool) -> None:
        """Show a limit, who holds its slots and who waits for them."""
        show_one(name, as_json)

    @group.command("reset")
    @click.argument("name", shell_complete=completing.limits)
    @json_option
    def reset_command(name: str, as_json: bool) -> None:
        """Free all slots of a limit, whoever holds them."""
        from headrace.client import limit_operations

        limit = perform(limit_operations.reset_concurrency_limit(name))
        _say(as_json, limit, f"Reset concurrency limit {name!r}.")

    @group.command("delete")
    @click.argument("name", shell_complete=completing.limits)
    @click.option("-y", "--yes", is_flag=True, help="Do not ask.")
    @json_option
    def delete_command(name: str, yes: bool, as_json: bool) -> None:
        """Delete a limit."""
        from headrace.client import limit_operations

        confirm(f"concurrency limit {name!r}", yes)
        gone = perform(limit_operations.delete_concurrency_limit(name))
        _say(as_json, {"id": gone["id"], "name": name}, f"Deleted concurrency limit {name!r}.")


def _say(as_json: bool, limit: Object, text: str) -> None:
    if as_json:
        show_json(limit)
    else:
        show_line(text)
