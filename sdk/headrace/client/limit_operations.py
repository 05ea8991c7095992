"""Operations about concurrency limits; as `operations`."""

from __future__ import annotations

from headrace.client.operations import ERROR, PAGE, Change, Object, Operation

_LIMIT = "id name limit total active slotsTaken slotDecayPerSecond createdAt updatedAt"
_CLAIM = (
    "leaseId slots key since until: leaseUntil host pid flowRun { id name } taskRun { id name }"
)


def concurrency_limit(name: str) -> Operation[Object | None]:
    """A concurrency limit by its name; None if there is none."""
    document = f"query ($name: String!) {{ concurrencyLimit(name: $name) {{ {_LIMIT} }} }}"
    return Operation(document, {"name": name}, "concurrencyLimit")


def holders_of_limit(name: str) -> Operation[Object | None]:
    """A concurrency limit with its `holders` and `waiters`; None if there is none."""
    document = (
        f"query ($name: String!) {{ concurrencyLimit(name: $name) {{ {_LIMIT} "
        f"holders {{ {_CLAIM} }} waiters {{ {_CLAIM} }} }} }}"
    )
    return Operation(document, {"name": name}, "concurrencyLimit")


def holders_of_limits(after: str | None = None) -> Operation[Object]:
    """A page of the concurrency limits, with the task runs that are among each one's `holders`."""
    document = (
        "query ($after: Cursor) { concurrencyLimits(first: 40, after: $after) "
        f"{{ nodes {{ {_LIMIT} holders {{ taskRun {{ id }} }} }} {PAGE} }} }}"
    )
    return Operation(document, {"after": after}, "concurrencyLimits")


def concurrency_limits(after: str | None = None) -> Operation[Object]:
    """A page of the concurrency limits."""
    document = (
        "query ($after: Cursor) { concurrencyLimits(first: 200, after: $after) "
        f"{{ nodes {{ {_LIMIT} }} {PAGE} }} }}"
    )
    return Operation(document, {"after": after}, "concurrencyLimits")


def _limit_change(verb: str, number: str, **given: object) -> Operation[Object]:
    document = (
        f"mutation ($name: String!, $limit: {number}, $active: Boolean, "
        "$decay: Float, $total: Int) "
        f"{{ {verb}(name: $name, limit: $limit, active: $active, slotDecayPerSecond: $decay, "
        "total: $total) "
        f"{{ ... on ConcurrencyLimit {{ {_LIMIT} }} {ERROR} }} }}"
    )
    return Change(document, given, verb)


def create_concurrency_limit(
    name: str, limit: int, active: bool | None, decay: float | None, total: int | None = None
) -> Operation[Object]:
    """Make a concurrency limit.

    `decay` is how many slots come back by themselves each second, `total` how many all keys
    together may take.
    """
    return _limit_change(
        "createConcurrencyLimit",
        "Int!",
        name=name,
        limit=limit,
        active=active,
        decay=decay,
        total=total,
    )


def update_concurrency_limit(
    name: str,
    limit: int | None,
    active: bool | None,
    decay: float | None,
    total: int | None = None,
) -> Operation[Object]:
    """Change a concurrency limit; what is None stays, and a `total` of 0 is none."""
    return _limit_change(
        "updateConcurrencyLimit",
        "Int",
        name=name,
        limit=limit,
        active=active,
        decay=decay,
        total=total,
    )


def reset_concurrency_limit(name: str) -> Operation[Object]:
    """Free a concurrency limit's slots, whoever holds them."""
    document = (
        "mutation ($name: String!) { resetConcurrencyLimit(name: $name) "
        f"{{ ... on ConcurrencyLimit {{ {_LIMIT} }} {ERROR} }} }}"
    )
    return Change(document, {"name": name}, "resetConcurrencyLimit")


def delete_concurrency_limit(name: str) -> Operation[Object]:
    """Delete a concurrency limit; the answer has its `id`."""
    document = (
        "mutation ($name: String!) { deleteConcurrencyLimit(name: $name) "
        f"{{ ... on Deleted {{ id }} {ERROR} }} }}"
    )
    return Change(document, {"name": name}, "deleteConcurrencyLimit")
