"""What `headrace concurrency-limit` and `headrace gcl` do: two spellings of the same."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

import click

from headrace.exceptions import ServiceError

Object = dict[str, Any]

_LIMIT = "id name limit active slotDecayPerSecond createdAt updatedAt slotsTaken"
_CLAIM = "leaseId slots since until host pid flowRun { id name } taskRun { id name }"
_ERROR = "... on UserError { code message field }"
#: Limits that `ls` asks for at a time.
_PAGE = 200

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
output_option = click.option(
    "-o", "--output", type=click.Choice(["json"]), help="The same as --json, as Prefect spells it."
)


def create(name: str, limit: int, decay: float | None = None, active: bool | None = None) -> Object:
    """Make a limit."""
    return _change(
        "createConcurrencyLimit",
        "$name: String!, $limit: Int!, $slotDecayPerSecond: Float, $active: Boolean",
        {"name": name, "limit": limit, "slotDecayPerSecond": decay, "active": active},
    )


def update(
    name: str, limit: int | None = None, decay: float | None = None, active: bool | None = None
) -> Object:
    """Change a limit."""
    return _change(
        "updateConcurrencyLimit",
        "$name: String!, $limit: Int, $slotDecayPerSecond: Float, $active: Boolean",
        {"name": name, "limit": limit, "slotDecayPerSecond": decay, "active": active},
    )


def delete(name: str) -> None:
    """Delete a limit."""
    _change("deleteConcurrencyLimit", "$name: String!", {"name": name}, "id name")


def reset(name: str) -> Object:
    """Free a limit's slots."""
    return _change("resetConcurrencyLimit", "$name: String!", {"name": name})


def inspect(name: str) -> Object:
    """A limit with its holders and those who wait."""
    document = (
        f"query ConcurrencyLimit($name: String!) {{ concurrencyLimit(name: $name) {{ {_LIMIT} "
        f"holders {{ {_CLAIM} }} waiters {{ {_CLAIM} }} }} }}"
    )
    found: Object | None = _execute(document, {"name": name})["concurrencyLimit"]
    if found is None:
        _fail(f"there is no concurrency limit {name!r}")
    return found


def list_all() -> list[Object]:
    """All limits, by name."""
    document = (
        "query ConcurrencyLimits($first: Int!, $after: Cursor) { concurrencyLimits"
        f"(first: $first, after: $after) {{ nodes {{ {_LIMIT} }} "
        "pageInfo { hasNextPage endCursor } } }"
    )
    limits: list[Object] = []
    after: str | None = None
    while True:
        page = _execute(document, {"first": _PAGE, "after": after})["concurrencyLimits"]
        limits += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return limits
        after = page["pageInfo"]["endCursor"]


def show_list(as_json: bool) -> None:
    """Print all limits: a line each."""
    limits = list_all()
    if as_json:
        show_json(limits)
    elif not limits:
        click.echo("No concurrency limits found.")
    else:
        rows = [("NAME", "LIMIT", "TAKEN", "DECAY/S", "ACTIVE")]
        rows += [
            (
                limit["name"],
                str(limit["limit"]),
                _number(limit["slotsTaken"]),
                _number(limit["slotDecayPerSecond"]),
                "yes" if limit["active"] else "no",
            )
            for limit in limits
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            cells = zip(row, widths, strict=True)
            click.echo("  ".join(cell.ljust(width) for cell, width in cells).rstrip())


def show_one(name: str, as_json: bool) -> None:
    """Print a limit with its holders and those who wait."""
    limit = inspect(name)
    if as_json:
        show_json(limit)
        return
    decay = limit["slotDecayPerSecond"]
    click.echo(f"Concurrency limit {limit['name']!r}")
    click.echo(f"  id       {limit['id']}")
    click.echo(f"  limit    {limit['limit']}{'' if limit['active'] else ' (not active)'}")
    if decay:
        click.echo(f"  decay    {_number(decay)} slots a second")
    click.echo(f"  taken    {_number(limit['slotsTaken'])}")
    for title, claims in (("holders", limit["holders"]), ("waiters", limit["waiters"])):
        click.echo(f"  {title}  {'none' if not claims else ''}".rstrip())
        for claim in claims:
            click.echo(f"    {_claim(claim)}")


def show_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2))


def _claim(claim: Object) -> str:
    run = claim["taskRun"] or claim["flowRun"]
    kind = "task run" if claim["taskRun"] else "flow run"
    who = f"{kind} {run['name']!r} ({run['id']})" if run else "no run"
    slots = "1 slot" if claim["slots"] == 1 else f"{claim['slots']} slots"
    where = f"process {claim['pid']} on {claim['host']}"
    return f"{slots}, {who}, {where}, since {claim['since']}, until {claim['until']}"


def _number(value: float) -> str:
    return f"{value:.10g}"


def _change(field: str, parameters: str, variables: Object, wanted: str = _LIMIT) -> Object:
    """Perform a mutation; what the caller can mend is one line and exit code 1."""
    arguments = ", ".join(f"{name}: ${name}" for name in variables)
    type_name = "DeletedConcurrencyLimit" if field.startswith("delete") else "ConcurrencyLimit"
    document = (
        f"mutation Change({parameters}) {{ {field}({arguments}) {{ __typename "
        f"... on {type_name} {{ {wanted} }} {_ERROR} }} }}"
    )
    answer: Object = _execute(document, variables)[field]
    if answer["__typename"] != type_name:
        _fail(answer["message"])
    del answer["__typename"]
    return answer


def _execute(document: str, variables: Object) -> Object:
    from headrace.client import Client

    with Client() as client:
        try:
            return client.execute(document, variables)
        except ServiceError as error:
            _fail(str(error))


def _fail(message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(1)


def confirm(name: str, *, yes: bool) -> None:
    """Ask, where there is somebody to ask, whether a limit is really to be deleted."""
    if yes or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    click.confirm(f"Are you sure you want to delete concurrency limit {name!r}?", abort=True)


def add_common_commands(group: click.Group) -> None:
    """Give a group the subcommands that both spellings share: ls, inspect, reset and delete."""

    @group.command("ls")
    @json_option
    @output_option
    def ls_command(as_json: bool, output: str | None) -> None:
        """List the limits."""
        show_list(as_json or output == "json")

    @group.command("inspect")
    @click.argument("name")
    @json_option
    @output_option
    def inspect_command(name: str, as_json: bool, output: str | None) -> None:
        """Show a limit, who holds its slots and who waits for them."""
        show_one(name, as_json or output == "json")

    @group.command("reset")
    @click.argument("name")
    def reset_command(name: str) -> None:
        """Free all slots of a limit, whoever holds them."""
        reset(name)
        click.echo(f"Reset concurrency limit {name!r}.")

    @group.command("delete")
    @click.argument("name")
    @click.option("-y", "--yes", is_flag=True, help="Do not ask.")
    def delete_command(name: str, yes: bool) -> None:
        """Delete a limit."""
        confirm(name, yes=yes)
        delete(name)
        click.echo(f"Deleted concurrency limit {name!r}.")
