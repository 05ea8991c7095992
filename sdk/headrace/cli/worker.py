"""`headrace worker`: what executes the runs of a work pool."""

from __future__ import annotations

import click

from headrace.cli.output import fail, found, json_option, perform, show_json, show_table
from headrace.exceptions import ServiceError


@click.group()
def command() -> None:
    """Execute the runs that wait in work pools."""


@command.command()
@click.option("-p", "--pool", required=True, help="The work pool.")
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
    worker = ProcessWorker(pool, work_queues=list(queues) or None, name=name, limit=limit)
    try:
        asyncio.run(worker.start(run_once=run_once))
    except ServiceError as error:
        fail(str(error))


@command.command("ls")
@click.option("-p", "--pool", required=True, help="The work pool.")
@json_option
def list_workers(pool: str, as_json: bool) -> None:
    """List a pool's workers."""
    from headrace.client import work

    workers = found(perform(work.work_pool(pool)), f"work pool {pool!r}")["workers"]
    if as_json:
        show_json(workers)
        return
    columns = ("name", "host", "pid", "online", "seenAt")
    show_table(columns, [[worker[column] for column in columns] for worker in workers])
