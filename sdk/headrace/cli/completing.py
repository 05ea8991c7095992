"""Names that the shell completes: those that the service, or the local ledger, knows.

Where nobody answers, and where there is no ledger yet, there are none.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from headrace.exceptions import HeadraceException

if TYPE_CHECKING:
    from headrace.client.operations import Object, Operation

Complete = Callable[[click.Context, click.Parameter, str], Sequence[str]]


def _names(
    ask: Callable[[str], Operation[Object]], name_of: Callable[[dict[str, Any]], str]
) -> Complete:
    """What completes a name; `ask` is told how it begins, and may take no notice of it."""

    def complete(context: click.Context, param: click.Parameter, begun: str) -> list[str]:
        found: dict[str, None] = {}
        with contextlib.suppress(HeadraceException, OSError):
            found = dict.fromkeys(map(name_of, _rows(ask(begun))))
        return [name for name in found if name.startswith(begun)]

    return complete


def _rows(operation: Operation[Object]) -> Iterator[dict[str, Any]]:
    from headrace.client import Client
    from headrace.settings import get_settings

    ledger = get_settings().ledger
    if get_settings().service_url is None and not isinstance(ledger, str) and not ledger.exists():
        return
    with Client() as client:
        yield from client.perform(operation)["nodes"]


def _flow_runs(begun: str) -> Operation[Object]:
    from headrace.client import operations

    return operations.flow_runs(name_contains=begun or None, first=100)


def _deployments(begun: str) -> Operation[Object]:
    from headrace.client import work

    return work.deployments()


def _pools(begun: str) -> Operation[Object]:
    from headrace.client import work

    return work.work_pools()


def _limits(begun: str) -> Operation[Object]:
    from headrace.client import limit_operations

    return limit_operations.concurrency_limits(None)


def _variables(begun: str) -> Operation[Object]:
    from headrace.client import saved

    return saved.variables()


def _name(row: dict[str, Any]) -> str:
    return str(row["name"])


#: The newest runs first; the others by name.
flow_runs = _names(_flow_runs, _name)
deployments = _names(_deployments, lambda row: str(row["fullName"]))
pools = _names(_pools, _name)
limits = _names(_limits, _name)
variables = _names(_variables, _name)
