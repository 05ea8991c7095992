"""API tokens: what is kept of them, and what the event log tells."""

from __future__ import annotations

from typing import Any

import pytest
import uuid_utils.compat as uuids

from headrace.records import EventEmitted, now_micros
from headrace_service.ledger import Ledger
from headrace_service.ledger.errors import Conflict, InvalidInput, NotFound
from headrace_service.ledger.queries.custom_events import page_of_events
from headrace_service.ledger.queries.paging import Page
from headrace_service.ledger.tokens import (
    Scope,
    create_token,
    digest_of,
    new_secret,
    note_denial,
    note_uses,
    revoke_token,
    token_by_digest,
    tokens,
)
from tests.builders import Stream

HOUR = 3_600_000_000


def told(ledger: Ledger) -> list[tuple[str, str | None, dict[str, Any]]]:
    """What the event log tells of tokens, oldest first: what, of which, and what else."""
    rows = ledger.read(page_of_events, Page(50), None, None).result().rows
    return [
        (
            row.payload.name.removeprefix("headrace.api-token."),
            row.payload.resource.get("headrace.resource.name"),
            row.payload.payload,
        )
        for row in reversed(rows)
    ]


def test_a_token_is_known_by_what_it_hashes_to_and_kept_nowhere(file_ledger: Ledger) -> None:
    ledger = file_ledger
    secret = new_secret()
    row = ledger.write(create_token, "ci", Scope.RUN, secret).result()
    assert (row.name, row.scope, row.prefix) == ("ci", "run", secret[:10])
    assert ledger.read(token_by_digest, digest_of(secret)).result() == row
    assert ledger.read(token_by_digest, digest_of(secret + "x")).result() is None
    ledger.close()
    for path in ledger.path.parent.iterdir():
        assert secret[4:].encode() not in path.read_bytes()


def test_two_secrets_are_never_the_same_and_long_enough() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(secret) for secret in made} == {47}


def test_a_revoked_token_frees_its_name_and_stays_known(ledger: Ledger) -> None:
    secret = new_secret()
    ledger.write(create_token, "ci", Scope.RUN, secret).result()
    with pytest.raises(Conflict):
        ledger.write(create_token, "ci", Scope.READ, new_secret()).result()
    ledger.write(revoke_token, "ci").result()
    with pytest.raises(NotFound):
        ledger.write(revoke_token, "ci").result()
    again = ledger.write(create_token, "ci", Scope.READ, new_secret()).result()
    assert ledger.read(tokens).result() == [again]
    assert len(ledger.read(tokens, with_revoked=True).result()) == 2
    old = ledger.read(token_by_digest, digest_of(secret)).result()
    assert old is not None
    assert old.revoked_at is not None


@pytest.mark.parametrize("name", ["", "x" * 256, "a\nb", "a\x1b[2J"])
def test_a_name_is_printable(ledger: Ledger, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ledger.write(create_token, name, Scope.RUN, new_secret()).result()
    assert caught.value.field == "name"


def test_an_expiry_lies_ahead(ledger: Ledger) -> None:
    for when in (now_micros() - 1, -1, 2**63 - 1):
        with pytest.raises(InvalidInput):
            ledger.write(create_token, "ci", Scope.RUN, "s", expires_at=when).result()


def test_the_event_log_tells_of_tokens(ledger: Ledger) -> None:
    row = ledger.write(create_token, "ci", Scope.RUN, new_secret(), by="ann").result()
    ledger.write(note_uses, {row.id: 5}).result()
    assert ledger.read(tokens).result()[0].last_used_at == 5
    ledger.write(note_denial, row, "expired", "10.0.0.7", 3).result()
    ledger.write(note_denial, None, "unknown", None, 0).result()
    ledger.write(revoke_token, "ci").result()
    assert told(ledger) == [
        ("created", "ci", {"scope": "run", "by": "ann"}),
        ("denied", "ci", {"reason": "expired", "address": "10.0.0.7", "earlier": 3}),
        ("denied", None, {"reason": "unknown", "address": None, "earlier": 0}),
        ("revoked", "ci", {"by": None}),
    ]


def test_no_program_tells_the_event_log_of_tokens(ledger: Ledger) -> None:
    forged = EventEmitted(uuids.uuid7(), 1, "headrace.api-token.created", {"a": "b"})
    honest = EventEmitted(uuids.uuid7(), 1, "order.shipped", {"a": "b"})
    ack = ledger.append(Stream().batch(forged, honest)).result()
    assert [(one.index, one.field) for one in ack.refused] == [(0, "name")]
    assert [name for name, _, _ in told(ledger)] == ["order.shipped"]


@pytest.mark.parametrize("scope", Scope)
def test_a_scope_covers_those_below(scope: Scope) -> None:
    ranked = list(Scope)
    assert [one for one in Scope if scope.covers(one)] == ranked[: ranked.index(scope) + 1]
