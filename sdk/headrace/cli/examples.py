"""An example of each command, which its help ends with, and docs/command-line.md shows."""

from __future__ import annotations

import click

#: What follows `headrace`, by the command that it is an example of.
EXAMPLES = {
    "artifact delete": "artifact delete daily-report --yes",
    "artifact inspect": "artifact inspect daily-report",
    "artifact ls": "artifact ls --type table",
    "automation create": "automation create --from-file automation.json",
    "automation delete": "automation delete on-failure --yes",
    "automation inspect": "automation inspect on-failure",
    "automation ls": "automation ls",
    "automation pause": "automation pause on-failure",
    "automation resume": "automation resume on-failure",
    "block delete": "block delete secret/mail-password --yes",
    "block inspect": "block inspect secret/mail-password",
    "block ls": "block ls --type secret",
    "block type inspect": "block type inspect secret",
    "block type ls": "block type ls",
    "completion": "completion bash",
    "concurrency-limit create": "concurrency-limit create database 5",
    "concurrency-limit delete": "concurrency-limit delete database --yes",
    "concurrency-limit inspect": "concurrency-limit inspect database",
    "concurrency-limit ls": "concurrency-limit ls",
    "concurrency-limit reset": "concurrency-limit reset database",
    "concurrency-limit update": "concurrency-limit update database 10",
    "config get": "config get logging_level",
    "config set": "config set logging_level=DEBUG",
    "config unset": "config unset logging_level --yes",
    "config view": "config view --show-sources",
    "deployment backfill": (
        "deployment backfill etl/nightly --from 2026-01-01 --to 2026-02-01 --dry-run"
    ),
    "deployment delete": "deployment delete etl/nightly --yes",
    "deployment inspect": "deployment inspect etl/nightly",
    "deployment ls": "deployment ls --flow-name etl",
    "deployment pause": "deployment pause etl/nightly",
    "deployment resume": "deployment resume etl/nightly",
    "deployment run": "deployment run etl/nightly -p day=2026-05-01 --watch",
    "event emit": "event emit order.shipped --resource-id order-1 --payload '{\"parcels\": 2}'",
    "event ls": "event ls --name order.shipped",
    "event stream": "event stream --name order.shipped --json",
    "flow ls": "flow ls",
    "flow-run cancel": "flow-run cancel bold-heron",
    "flow-run delete": "flow-run delete bold-heron --yes",
    "flow-run inspect": "flow-run inspect bold-heron",
    "flow-run logs": "flow-run logs bold-heron --follow",
    "flow-run ls": "flow-run ls --state failed --deployment etl/nightly --since 24h",
    "flow-run resume": "flow-run resume bold-heron --input '{\"approved\": true}'",
    "flow-run retry": "flow-run retry bold-heron",
    "flow-run suspend": "flow-run suspend bold-heron --timeout 3600",
    "flow-run watch": "flow-run watch bold-heron",
    "gcl create": "gcl create mail --limit 10 --slot-decay-per-second 2",
    "gcl delete": "gcl delete mail --yes",
    "gcl disable": "gcl disable mail",
    "gcl enable": "gcl enable mail",
    "gcl inspect": "gcl inspect mail",
    "gcl ls": "gcl ls",
    "gcl reset": "gcl reset mail",
    "gcl update": "gcl update mail --limit 20",
    "migrate": "migrate flows/ --check",
    "schedule create": "schedule create etl/nightly --cron '0 3 * * *' --timezone Europe/Berlin",
    "schedule delete": "schedule delete at-night --yes",
    "schedule edit": "schedule edit at-night --cron '30 3 * * *'",
    "schedule inspect": "schedule inspect at-night",
    "schedule ls": "schedule ls etl/nightly",
    "schedule pause": "schedule pause at-night",
    "schedule resume": "schedule resume at-night",
    "schema": "schema > schema.graphql",
    "server database backup": "server database backup copy.db",
    "server database info": "server database info",
    "server database reset": "server database reset --yes",
    "server database upgrade": "server database upgrade",
    "server database vacuum": "server database vacuum",
    "server retention": "server retention --dry-run",
    "server start": "server start --port 4200",
    "server status": "server status",
    "task-run inspect": "task-run inspect 01a21079-652a-7cbf-9ab0-7bf6f4b71809",
    "task-run logs": "task-run logs 01a21079-652a-7cbf-9ab0-7bf6f4b71809",
    "task-run ls": "task-run ls --state scheduled --task-name send-mail",
    "token create": "token create ci --scope run --expires-in-days 90",
    "token list": "token list",
    "token ls": "token ls",
    "token revoke": "token revoke ci",
    "tui": "tui --run bold-heron",
    "variable delete": "variable delete region --yes",
    "variable get": "variable get region",
    "variable inspect": "variable inspect region",
    "variable ls": "variable ls",
    "variable set": "variable set region eu-central --overwrite",
    "variable unset": "variable unset region --yes",
    "version": "version",
    "watch": "watch --latest",
    "work-pool create": "work-pool create batch --concurrency-limit 4",
    "work-pool delete": "work-pool delete batch --yes",
    "work-pool inspect": "work-pool inspect batch",
    "work-pool ls": "work-pool ls",
    "work-pool pause": "work-pool pause batch",
    "work-pool resume": "work-pool resume batch",
    "work-pool set-concurrency-limit": "work-pool set-concurrency-limit batch 8",
    "work-pool update": "work-pool update batch --description 'reports of the night'",
    "work-queue create": "work-queue create urgent --pool batch --priority 1",
    "work-queue inspect": "work-queue inspect urgent --pool batch",
    "work-queue ls": "work-queue ls --pool batch",
    "work-queue pause": "work-queue pause urgent --pool batch",
    "work-queue prioritize": "work-queue prioritize urgent 1 --pool batch",
    "work-queue resume": "work-queue resume urgent --pool batch",
    "work-queue set-concurrency-limit": "work-queue set-concurrency-limit urgent 2 --pool batch",
    "worker inspect": "worker inspect mill-1 --pool batch",
    "worker ls": "worker ls --pool batch",
    "worker start": "worker start --pool batch --limit 4",
}

EXIT_CODES = "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 ended by Ctrl-C."


def explain(path: str, command: click.Command) -> None:
    """Let the help of a command, and of those within it, end with an example and its exit codes.

    Args:
        path: how the command is called, such as "flow-run ls".
        command: it, or a group of commands.
    """
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            explain(f"{path} {name}", each)
    elif path in EXAMPLES:
        own = "exit codes:" in (command.help or "").lower()
        ends = "" if own else f"\n\n{EXIT_CODES}"
        command.epilog = f"\b\nExample:\n  headrace {EXAMPLES[path]}{ends}"
