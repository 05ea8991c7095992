"""States that users and the service set go by the rules, with their events."""

from __future__ import annotations

from uuid import UUID

import uuid_utils.compat as uuids

from headrace.records import StateType
from headrace_service.ledger import Ledger
from headrace_service.ledger.models import Event, FlowRun
from headrace_service.ledger.state_changes import change_flow_run, state_of_flow_run
from headrace_service.rules import Actor
from tests.builders import Stream, enters, flow_run, state


def change(ledger: Ledger, run_id: UUID, kind: str, actor: Actor) -> str | None:
    """Change the run's state; what was refused, if it was."""
    refused = ledger.write(
        change_flow_run, run_id, StateType(kind), kind.capitalize(), actor, "because"
    ).result()
    return None if refused is None else f"{refused.code}: {refused.message}"


def events(ledger: Ledger) -> int:
    return ledger.read(lambda db: Event.select().count(db)).result()


def test_a_user_cancels_a_run_and_its_event_says_so(ledger: Ledger) -> None:
    run = flow_run()
    ledger.append(Stream().batch(run, enters(run, state("RUNNING", run_count=2)))).result()
    before = events(ledger)
    assert change(ledger, run.id, "CANCELLING", Actor.USER) is None
    assert events(ledger) == before + 1
    (row,) = ledger.read(lambda db: list(FlowRun.select().dicts().execute(db))).result()
    assert (row["state_type"], row["state_message"], row["run_count"]) == (
        "CANCELLING",
        "because",
        2,
    )


def test_what_the_rules_forbid_changes_nothing(ledger: Ledger) -> None:
    run = flow_run()
    ledger.append(Stream().batch(run, enters(run, state("COMPLETED")))).result()
    before = events(ledger)
    refused = change(ledger, run.id, "CANCELLING", Actor.USER)
    assert refused == "Conflict: the run has ended as COMPLETED; a terminal state is final"
    assert events(ledger) == before
    current = ledger.read(state_of_flow_run, run.id).result()
    assert current is not None
    assert current.type is StateType.COMPLETED


def test_a_run_that_is_not_there_is_named(ledger: Ledger) -> None:
    missing = uuids.uuid7()
    assert change(ledger, missing, "CANCELLED", Actor.USER) == (
        f"NotFound: there is no flow run {missing}"
    )
    assert ledger.read(state_of_flow_run, missing).result() is None
