"""`headrace work-pool`: where runs of deployments wait for workers."""

from __future__ import annotations

import click

from headrace.cli import completing
from headrace.cli.looks import moment
from headrace.cli.output import (
    confirm,
    found,
    json_option,
    perform,
    perform_all,
    show_fields,
    show_json,
    show_line,
    show_list,
    show_table,
)


@click.group()
def command() -> None:
    """Manage the pools in which runs wait for workers."""


@command.command()
@click.argument("name")
@click.option(
    "-t", "--type", "kind", default="process", show_default=True, help="How runs are executed."
)
@click.option("--description", help="What it is for.")
@click.option("--concurrency-limit", type=click.IntRange(1), help="Runs under way at once.")
@click.option("--paused", is_flag=True, help="Let its runs wait at first.")
def create(
    name: str, kind: str, description: str | None, concurrency_limit: int | None, paused: bool
) -> None:
    """Create a work pool."""
    from headrace.client import work

    perform(
        work.create_work_pool(
            name,
            kind,
            description=description,
            concurrency_limit=concurrency_limit,
            paused=paused,
        )
    )
    click.echo(f"Created work pool {name!r}.", err=True)


@command.command()
@click.argument("name", shell_complete=completing.pools)
@click.option("--description", help="What it is for.")
@click.option("--concurrency-limit", type=click.IntRange(1), help="Runs under way at once.")
def update(name: str, description: str | None, concurrency_limit: int | None) -> None:
    """Change a work pool; what is not given stays."""
    from headrace.client import work

    if description is None and concurrency_limit is None:
        raise click.UsageError("give --description or --concurrency-limit")
    changed = work.update_work_pool(
        name, description=description, concurrency_limit=concurrency_limit, paused=None
    )
    perform(changed)
    show_line(f"Updated work pool {name!r}.", err=True)


@command.command("set-concurrency-limit")
@click.argument("name", shell_complete=completing.pools)
@click.argument("concurrency_limit", type=click.IntRange(1))
def set_limit(name: str, concurrency_limit: int) -> None:
    """Let at most so many of a pool's runs be under way at once."""
    from headrace.client import work

    changed = work.update_work_pool(
        name, description=None, concurrency_limit=concurrency_limit, paused=None
    )
    perform(changed)
    show_line(f"Work pool {name!r} has the concurrency limit {concurrency_limit}.", err=True)


@command.command("ls")
@json_option
def list_pools(as_json: bool) -> None:
    """List the work pools."""
    from headrace.client import work

    pools = perform_all(lambda after: work.work_pools(after=after))
    show_list(
        pools,
        as_json,
        ("NAME", "TYPE", "PAUSED", "LIMIT", "WORKERS"),
        lambda pool: (
            pool["name"],
            pool["type"],
            pool["paused"],
            pool["concurrencyLimit"],
            sum(worker["online"] for worker in pool["workers"]),
        ),
    )


@command.command()
@click.argument("name", shell_complete=completing.pools)
@json_option
def inspect(name: str, as_json: bool) -> None:
    """Show a work pool with its queues and workers."""
    from headrace.client import work

    pool = found(perform(work.work_pool(name)), f"work pool {name!r}")
    if as_json:
        show_json(pool)
        return
    queues, workers = pool.pop("queues"), pool.pop("workers")
    show_fields(pool)
    click.echo("\nQueues")
    rows = [(queue["name"], queue["priority"], queue["paused"]) for queue in queues]
    show_table(("NAME", "PRIORITY", "PAUSED"), rows)
    click.echo("\nWorkers")
    seen = [
        (each["name"], each["host"], each["pid"], each["online"], moment(each["seenAt"]))
        for each in workers
    ]
    show_table(("NAME", "HOST", "PID", "ONLINE", "SEEN"), seen)


@command.command()
@click.argument("name", shell_complete=completing.pools)
def pause(name: str) -> None:
    """Let a pool's runs wait; those under way go on."""
    _set_paused(name, True)


@command.command()
@click.argument("name", shell_complete=completing.pools)
def resume(name: str) -> None:
    """Let workers take a pool's runs again."""
    _set_paused(name, False)


@command.command()
@click.argument("name", shell_complete=completing.pools)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def delete(name: str, yes: bool) -> None:
    """Delete a pool to which no deployment belongs."""
    from headrace.client import work

    confirm(f"work pool {name!r}", yes)
    perform(work.delete_work_pool(name))
    click.echo(f"Deleted work pool {name!r}.", err=True)


def _set_paused(name: str, paused: bool) -> None:
    from headrace.client import work

    perform(work.set_work_pool_paused(name, paused))
    click.echo(f"{'Paused' if paused else 'Resumed'} work pool {name!r}.", err=True)
