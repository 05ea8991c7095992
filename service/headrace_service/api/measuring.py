"""Counts operations and the time that they take."""

from __future__ import annotations

import time
from collections.abc import Iterator

from graphql import FieldNode, get_operation_ast
from strawberry.extensions import SchemaExtension


class Measured(SchemaExtension):
    """Notes each operation under its type and its first field; wrong ones under "invalid"."""

    def on_operation(self) -> Iterator[None]:
        """Take the time around everything else."""
        began = time.perf_counter()
        yield
        seconds = time.perf_counter() - began
        context = self.execution_context
        errors = getattr(context.result, "errors", None) or context.pre_execution_errors or ()
        # What was never executed names fields as it likes: it must not make a metric of each.
        executed = all(error.path for error in errors)
        kind, field = self._named() if executed else ("invalid", "")
        measures = context.context.ledger.measures
        measures.operation(kind, field, seconds, failed=bool(errors))

    def _named(self) -> tuple[str, str]:
        context = self.execution_context
        document = context.graphql_document
        operation = document and get_operation_ast(document, context.operation_name)
        if not operation:
            return "invalid", ""
        first = operation.selection_set.selections[0]
        field = first.name.value if isinstance(first, FieldNode) else "…"
        return operation.operation.value, field
