"""What each operation needs: one table of all root fields, looked at before anything is executed.

A field that the table does not name needs the scope ADMIN, so that nothing new is open by mistake;
a test walks the schema and fails for such a field.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_operation_ast,
)
from strawberry.extensions import SchemaExtension

from headrace_service.api.errors import Forbidden
from headrace_service.api.limits import KEPT, MAX_KEPT, parsed
from headrace_service.ledger.tokens import Scope

#: By the type of operation; within it, the fields that need each scope.
NEEDED = {
    "query": {
        Scope.READ: """
            serverInfo node flows flow flowRuns flowRun taskRuns taskRun logs searchFlowRuns
            searchTaskRuns countFlowRuns countTaskRuns flowRunCounts taskRunCounts upcomingRuns
            flowRunInputs flowRunInput variables variable artifacts
            artifact blocks block blockTypes blockType deployments deployment schedules
            workPools workPool workers
            concurrencyLimits concurrencyLimit events retention automations automation
        """,
        # What code is made of, for those who run it.
        Scope.RUN: "bundle",
        Scope.ADMIN: "apiTokens",
    },
    "mutation": {
        # What programs, deployments and workers do.
        Scope.RUN: """
            record createFlow createFlowRunByHand setFlowRunState setTaskRunState updateFlowRun
            createFlowRunInput deleteFlowRunInput resumeFlowRun suspendFlowRun
            cancelFlowRun cancelFlowRuns retryFlowRun retryFlowRuns
            setVariable deleteVariable createArtifact updateArtifact deleteArtifact
            applyDeployment setDeploymentPaused createSchedule updateSchedule setScheduleActive
            deleteSchedule backfillDeployment createFlowRun putBundle
            claimFlowRuns releaseWorker beginFlowRun concludeFlowRun enqueueTaskRun
            enqueueTaskRuns claimTaskRuns
            beginTaskRuns
            acquireSlots releaseSlots renewSlots exchangeSlots
            createAutomation updateAutomation setAutomationEnabled setOwnedAutomations
            deleteAutomation
        """,
        # What changes the house: what is deleted for all, limits, pools, secrets, tokens. Who may
        # say which fields of a block are secret can read them, too.
        Scope.ADMIN: """
            deleteFlow deleteFlowRun deleteFlowRuns deleteDeployment registerBlockType saveBlock
            deleteBlock createWorkPool updateWorkPool applyWorkQueue setWorkPoolPaused
            deleteWorkPool
            createConcurrencyLimit updateConcurrencyLimit deleteConcurrencyLimit
            resetConcurrencyLimit createApiToken revokeApiToken
        """,
    },
    "subscription": {
        Scope.READ: """
            flowRuns taskRuns logs events counts concurrencyLimits workers deployments
        """
    },
}

_SCOPES = {
    kind: {name: scope for scope, names in by_scope.items() for name in names.split()}
    for kind, by_scope in NEEDED.items()
}


def scope_of(kind: str, field: str) -> Scope:
    """The scope that a root field needs.

    Args:
        kind: "query", "mutation" or "subscription".
        field: its name.
    """
    if field.startswith("__"):  # the schema itself, which is no secret
        return Scope.READ
    return _SCOPES[kind].get(field, Scope.ADMIN)


def forbidden_fields(text: str, operation_name: str | None, scope: Scope) -> list[str]:
    """The root fields of an operation that need more than `scope`, each with what it needs."""
    needs = _kept_needs if len(text) <= MAX_KEPT else _needs
    return [
        f"{field} needs the scope {needed.value!r}"
        for field, needed in needs(text, operation_name)
        if not scope.covers(needed)
    ]


def _needs(text: str, operation_name: str | None) -> tuple[tuple[str, Scope], ...]:
    document = parsed(text)
    chosen = get_operation_ast(document, operation_name)
    # Where it is not said which is meant, whichever is executed is allowed.
    operations = [chosen] if chosen is not None else _operations(document)
    needs = {
        field: scope_of(operation.operation.value, field)
        for operation in operations
        for field in _root_fields(document, operation)
    }
    return tuple(needs.items())


def _operations(document: DocumentNode) -> list[OperationDefinitionNode]:
    return [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]


_kept_needs = functools.lru_cache(maxsize=KEPT)(_needs)


def _root_fields(document: DocumentNode, operation: OperationDefinitionNode) -> Iterator[str]:
    fragments = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    waiting: list[SelectionSetNode] = [operation.selection_set]
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FieldNode):
                yield selection.name.value
            elif isinstance(selection, InlineFragmentNode):
                waiting.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                # Each once: fragments within one another make no more of them.
                fragment = fragments.pop(selection.name.value, None)
                if fragment is not None:
                    waiting.append(fragment.selection_set)


class Permitted(SchemaExtension):
    """Refuses an operation as a whole when the caller may not do all of it."""

    def on_validate(self) -> Iterator[None]:
        """Look at the operation's fields."""
        execution = self.execution_context
        caller = execution.context.caller
        if execution.query and caller.scope is not Scope.ADMIN and not _has_failed(execution):
            missing = forbidden_fields(execution.query, execution.operation_name, caller.scope)
            if missing:
                execution.context.note_denial("forbidden")
                error: GraphQLError = Forbidden(f"{caller.described}: {'; '.join(missing)}")
                execution.pre_execution_errors = [error]
        yield


def _has_failed(execution: object) -> bool:
    return bool(getattr(execution, "pre_execution_errors", None))
