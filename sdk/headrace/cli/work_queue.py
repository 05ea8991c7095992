"""`headrace work-queue`: lines of runs within a work pool."""

from __future__ import annotations

from typing import Any

import click

from headrace.cli import completing
from headrace.cli.output import (
    fail,
    found,
    json_option,
    perform,
    show_fields,
    show_json,
    show_line,
    show_table,
)

_COLUMNS = ("name", "priority", "paused")

pool_option = click.option(
    "-p", "--pool", required=True, help="The work pool.", shell_complete=completing.pools
)


@click.group()
def command() -> None:
    """Manage the lines of runs within a work pool."""


@command.command("ls")
@pool_option
@json_option
def list_queues(pool: str, as_json: bool) -> None:
    """List a pool's queues, those served first first."""
    queues = _queues(pool)
    if as_json:
        show_json(queues)
        return
    rows = [[queue[column] for column in _COLUMNS] for queue in queues]
    show_table([column.upper() for column in _COLUMNS], rows)


@command.command()
@click.argument("name")
@pool_option
@json_option
def inspect(name: str, pool: str, as_json: bool) -> None:
    """Show a queue."""
    for queue in _queues(pool):
        if queue["name"] == name:
            if as_json:
                show_json(queue)
            else:
                show_fields(queue)
            return
    fail(f"work pool {pool!r} has no queue {name!r}")


@command.command()
@click.argument("name")
@pool_option
@click.option("--priority", type=click.IntRange(1), help="Lower numbers are served first.")
def create(name: str, pool: str, priority: int | None) -> None:
    """Create a queue, behind those that there are unless it has a priority."""
    if any(queue["name"] == name for queue in _queues(pool)):
        fail(f"work pool {pool!r} has a queue {name!r} already")
    _change(pool, name, priority=priority)
    show_line(f"Created work queue {name!r} of pool {pool!r}.", err=True)


@command.command()
@click.argument("name")
@pool_option
@click.argument("priority", type=click.IntRange(1))
def prioritize(name: str, pool: str, priority: int) -> None:
    """Give a queue a priority; lower numbers are served first."""
    _change_existing(pool, name, priority=priority)
    show_line(f"Work queue {name!r} of pool {pool!r} has priority {priority}.", err=True)


@command.command("set-concurrency-limit")
@click.argument("name")
@click.argument("limit", type=click.IntRange(1))
@pool_option
def set_limit(name: str, limit: int, pool: str) -> None:
    """Let at most so many of a queue's runs be under way at once."""
    _change_existing(pool, name, concurrency_limit=limit)
    show_line(f"Work queue {name!r} of pool {pool!r} has the limit {limit}.", err=True)


@command.command()
@click.argument("name")
@pool_option
def pause(name: str, pool: str) -> None:
    """Let a queue's runs wait; those under way go on."""
    _change_existing(pool, name, paused=True)
    show_line(f"Paused work queue {name!r} of pool {pool!r}.", err=True)


@command.command()
@click.argument("name")
@pool_option
def resume(name: str, pool: str) -> None:
    """Let workers take a queue's runs again."""
    _change_existing(pool, name, paused=False)
    show_line(f"Resumed work queue {name!r} of pool {pool!r}.", err=True)


def _queues(pool: str) -> list[dict[str, Any]]:
    from headrace.client import work

    return list(found(perform(work.work_pool(pool)), f"work pool {pool!r}")["queues"])


def _change_existing(pool: str, name: str, **changes: Any) -> None:
    if all(queue["name"] != name for queue in _queues(pool)):
        fail(f"work pool {pool!r} has no queue {name!r}")
    _change(pool, name, **changes)


def _change(pool: str, name: str, **changes: Any) -> None:
    from headrace.client import work

    perform(work.apply_work_queue(pool, name, **changes))
