"""`headrace worker`: what executes the runs of a work pool."""

from __future__ import annotations

import contextlib
from typing import Any

import click

from headrace.cli import completing
from headrace.cli.looks import moment
from headrace.cli.output import (
    fail,
    found,
    json_option,
    perform,
    perform_all,
    show_fields,
    show_json,
    show_line,
    show_list,
)
from headrace.exceptions import ServiceError, ServiceUnreachable


@click.group()
def command() -> None:
    """Execute the runs that wait in work pools."""


@command.command()
@click.option("-p", "--pool", required=True, help="The work pool.", shell_complete=completing.pools)
@click.option("-q", "--work-queue", "queues", multiple=True, help="Only runs of this queue.")
@click.option("-n", "--name", help="What the worker is called; by default by machine and process.")
@click.option("-l", "--limit", type=click.IntRange(1), help="Runs under way at once.")
@click.option("--run-once", is_flag=True, help="Execute what is due now, and end.")
@click.option("-t", "--type", "kind", default="process", hidden=True)
def start(
    pool: str,
    queues: tuple[str, ...],
    name: str | None,
    limit: int | None,
    run_once: bool,
    kind: str,
) -> None:
    """Execute a pool's runs until Ctrl-C.

    The first Ctrl-C takes no more runs and waits for those under way; the second cancels them.
    """
    import asyncio

    from headrace.workers.process import ProcessWorker

    if kind != "process":
        fail(f"there is no type of worker {kind!r}; use process")
    if name is not None:
        warn_of_another(name, pool)
    worker = ProcessWorker(pool, work_queues=list(queues) or None, name=name, limit=limit)
    try:
        asyncio.run(worker.start(run_once=run_once))
    except ServiceError as error:
        fail(str(error))


def warn_of_another(name: str, pool: str) -> None:
    """Tell of a worker that is called the same: they would be told apart by nothing but the id."""
    from headrace.client import Client, work

    with contextlib.suppress(ServiceError, ServiceUnreachable), Client() as client:
        for one in client.perform(work.workers(pool=pool))["nodes"]:
            if one["name"] == name and one["online"]:
                told = f"There is a worker {name!r} in pool {pool!r} already: "
                show_line(f"{told}process {one['pid']} on {one['host']}.", err=True)


@command.command("ls")
@click.option("-p", "--pool", help="Only those of this work pool.")
@json_option
def list_workers(pool: str | None, as_json: bool) -> None:
    """List the workers of all pools, or of one."""
    workers = _workers(pool)
    show_list(
        workers,
        as_json,
        ("NAME", "POOL", "HOST", "PID", "ONLINE", "CAPACITY", "SEEN"),
        lambda worker: (
            worker["name"],
            worker["pool"],
            worker["host"],
            worker["pid"],
            worker["online"],
            worker["capacity"],
            moment(worker["seenAt"]),
        ),
    )


@command.command()
@click.argument("name")
@click.option("-p", "--pool", help="Only among those of this work pool.")
@json_option
def inspect(name: str, pool: str | None, as_json: bool) -> None:
    """Show the worker of this name or id."""
    of_name = [each for each in _workers(pool) if name in (each["name"], each["id"])]
    if not of_name:
        fail(f"there is no worker {name!r}; see `headrace worker ls`")
    if as_json:
        show_json(of_name)
        return
    for worker in of_name:
        show_fields(worker)


def _workers(pool: str | None) -> list[dict[str, Any]]:
    from headrace.client import work

    if pool is not None:
        found(perform(work.work_pool(pool)), f"work pool {pool!r}")
    listed = perform_all(lambda after: work.workers(pool=pool, after=after))
    pooled = [{**worker, "pool": worker["workPoolName"]} for worker in listed]
    return sorted(pooled, key=lambda worker: (worker["pool"], worker["name"]))
