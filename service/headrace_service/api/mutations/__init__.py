"""What can be changed: one module for each domain, put together here."""

from __future__ import annotations

import strawberry

from headrace_service.api.mutations.inputs import InputMutations
from headrace_service.api.mutations.record import RecordMutations


@strawberry.type(description="What can be changed.")
class Mutation(RecordMutations, InputMutations):
    """The root of mutations."""
