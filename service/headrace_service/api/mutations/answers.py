"""What a verb of the ledger refused, as the answer of its mutation."""

from __future__ import annotations

from headrace_service.api.types.user_error import Conflict, InvalidInput, NotFound
from headrace_service.ledger import errors


def refusal(error: errors.Refused) -> NotFound | Conflict | InvalidInput:
    """The typed answer for what the caller can mend."""
    kind: type[NotFound] | type[Conflict] | type[InvalidInput] = InvalidInput
    if isinstance(error, errors.NotFound):
        kind = NotFound
    elif isinstance(error, errors.Conflict):
        kind = Conflict
    return kind.of(str(error), error.field)
