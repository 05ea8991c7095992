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


#: Where there are more pages than this, names behind them are not completed: somebody waits.
_PAGES = 10


def _names(
    ask: Callable[[str, str | None], Operation[Object]], name_of: Callable[[dict[str, Any]], str]
) -> Complete:
    """What completes a name.

    Args:
        ask: makes the operation for a page: how the name begins, of which it may take no notice,
            and behind which cursor.
        name_of: the name of a row.
    """

    def complete(context: click.Context, param: click.Parameter, begun: str) -> list[str]:
        found: dict[str, None] = {}
        with contextlib.suppress(HeadraceException, OSError):
            for row in _rows(lambda after: ask(begun, after)):
                found[name_of(row)] = None
        return [name for name in found if name.startswith(begun) and _is_plain(name)]

    return complete


def _is_plain(name: str) -> bool:
    """Whether a name can be handed to a shell, which reads lines and shows them as they are."""
    from headrace_tui.format import one_line

    return one_line(name) == name


def _rows(ask: Callable[[str | None], Operation[Object]]) -> Iterator[dict[str, Any]]:
    from headrace.client import Client
    from headrace.settings import get_settings

    ledger = get_settings().ledger
    if get_settings().service_url is None and not isinstance(ledger, str) and not ledger.exists():
        return
    after: str | None = None
    with Client() as client:
        for _ in range(_PAGES):
            page = client.perform(ask(after))
            yield from page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]


def _flow_runs(begun: str, after: str | None) -> Operation[Object]:
    from headrace.client import operations

    return operations.flow_runs(name_contains=begun or None, first=100, after=after)


def _deployments(begun: str, after: str | None) -> Operation[Object]:
    from headrace.client import work

    return work.deployments(after=after)


def _pools(begun: str, after: str | None) -> Operation[Object]:
    from headrace.client import work

    return work.work_pools(after=after)


def _limits(begun: str, after: str | None) -> Operation[Object]:
    from headrace.client import limit_operations

    return limit_operations.concurrency_limits(after)


def _variables(begun: str, after: str | None) -> Operation[Object]:
    from headrace.client import saved

    return saved.variables(after=after)


def _name(row: dict[str, Any]) -> str:
    return str(row["name"])


#: The newest runs first; the others by name.
flow_runs = _names(_flow_runs, _name)
deployments = _names(_deployments, lambda row: str(row["fullName"]))
pools = _names(_pools, _name)
limits = _names(_limits, _name)
variables = _names(_variables, _name)
