"""Flow runs that pause, are given something, and go on; embedded and with a service."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from headrace import Client, flow, pause_flow_run, resume_flow_run, suspend_flow_run, task
from headrace.client import work
from headrace.client.orchestration import get_client
from headrace.context import ASSIGNMENT, Assignment, FlowRunContext
from headrace.exceptions import FlowPauseTimeout, NotPausedError, ObjectNotFound
from headrace.input import (
    RunInput,
    create_flow_run_input,
    delete_flow_run_input,
    keyset_from_paused_state,
    read_flow_run_input,
    receive_input,
    send_input,
)
from headrace.recorder import get_recorder
from tests.recorder_kit import PATIENCE
from tests.run_kit import Book, VirtualClock, assigned, assigned_anew


class Approval(RunInput):
    reason: str
    approve: bool = True
    votes: int = 1


def here() -> UUID:
    run = FlowRunContext.get()
    assert run is not None
    return run.flow_run.id


def retried(ended: Assignment) -> Assignment:
    """The same run of `release`, for a process that executes it once more."""
    get_recorder().flush(PATIENCE)
    with Client() as client:
        client.perform(work.retry_flow_run(ended.flow_run_id))
    return assigned_anew("release")


class Resumer:
    """Resumes, from another thread, the one run of the test each time it is paused."""

    def __init__(self, *steps: Callable[[UUID], object]) -> None:
        self.steps = steps
        self.errors: list[BaseException] = []
        self.thread = threading.Thread(target=self._work)

    def __enter__(self) -> Resumer:
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.thread.join(30)
        assert not self.thread.is_alive()

    def _work(self) -> None:
        with Client() as client:
            for step in self.steps:
                run: dict[str, Any] | None = None
                pause = threading.Event()
                for _ in range(600):
                    runs = client.flow_runs(states=["PAUSED"])["nodes"]
                    if runs:
                        run = runs[0]
                        break
                    pause.wait(0.02)
                assert run is not None, "nobody paused"
                try:
                    step(UUID(run["id"]))
                except BaseException as error:
                    self.errors.append(error)


def test_a_paused_run_goes_on_with_what_it_is_given(book: Book) -> None:
    @flow
    def release() -> str:
        approval = pause_flow_run(wait_for_input=Approval, timeout=60)
        number = pause_flow_run(wait_for_input=int, timeout=60)
        pause_flow_run(timeout=60)
        return f"{approval.reason} {approval.approve} {number}"

    with Resumer(
        lambda run: resume_flow_run(run, run_input={"reason": "tested"}),
        lambda run: resume_flow_run(run, run_input={"value": 7}),
        lambda run: resume_flow_run(run),
    ) as resumer:
        assert release() == "tested True 7"
    assert resumer.errors == []
    (run,) = book.flow_runs()
    assert book.history(run) == [
        "Pending",
        "Running",
        *["Paused", "Running"] * 3,
        "Completed",
    ]


def test_the_next_process_of_a_run_passes_what_it_was_paused_for(book: Book) -> None:
    patience = 60.0

    @flow
    def release() -> int:
        number: int = pause_flow_run(wait_for_input=int, timeout=patience)
        pause_flow_run(timeout=patience)
        if patience:
            raise ValueError("not this time")
        return number

    first = assigned("release")
    ASSIGNMENT.set(first)
    with (
        Resumer(
            lambda run: resume_flow_run(run, run_input={"value": 7}),
            lambda run: resume_flow_run(run),
        ) as resumer,
        pytest.raises(ValueError, match="not this time"),
    ):
        release()
    assert resumer.errors == []
    patience = 0
    ASSIGNMENT.set(retried(first))
    assert release() == 7


def test_the_next_process_of_a_run_that_was_not_answered_asks_again(book: Book) -> None:
    """With what it asks now: the program may have changed meanwhile."""

    @flow
    def release() -> object:
        answer: object = pause_flow_run(wait_for_input=wanted, timeout=patience)
        return answer

    wanted: type = int
    patience = 0
    first = assigned("release")
    ASSIGNMENT.set(first)
    with pytest.raises(FlowPauseTimeout):
        release()
    wanted, patience = str, 60
    ASSIGNMENT.set(retried(first))
    with Resumer(lambda run: resume_flow_run(run, run_input={"value": "yes"})):
        assert release() == "yes"


def test_what_does_not_fit_is_refused_and_the_run_stays_paused(book: Book) -> None:
    @flow
    def release() -> bool:
        approval: Approval = pause_flow_run(
            wait_for_input=Approval.with_initial_data(description="Is it tested?", approve=False),
            timeout=60,
        )
        return approval.approve

    with Resumer(
        lambda run: resume_flow_run(run),
        lambda run: resume_flow_run(run, run_input={"reason": 5}),
        lambda run: resume_flow_run(run, run_input={"reason": "yes", "votes": "5"}),
        lambda run: resume_flow_run(run, run_input={"raeson": "yes"}),
        lambda run: resume_flow_run(run, run_input={"reason": "yes"}),
    ) as resumer:
        assert release() is False
    assert [str(error) for error in resumer.errors] == [
        "Cannot resume this run: Reason: Validation failed. "
        "Failure reason: 'reason' is a required property",
        "Cannot resume this run: Reason: Validation failed for field 'reason'. "
        "Failure reason: 5 is not of type 'string'",
        "Cannot resume this run: Reason: Validation failed for field 'votes'. "
        "Failure reason: '5' is not of type 'integer'",
        "Cannot resume this run: Reason: Validation failed. Failure reason: "
        "there is no 'raeson'; it has reason, approve, votes; 'reason' is a required property",
    ]


def test_who_reads_a_paused_run_is_told_where_its_answer_goes(book: Book) -> None:
    told = []

    def answer(run: UUID) -> None:
        with get_client(sync_client=True) as client:
            state = client.read_flow_run(run).state
        assert state is not None
        told.append((state.state_details.pause_key, keyset_from_paused_state(state)["response"]))
        resume_flow_run(run)

    @flow
    def release() -> None:
        pause_flow_run(timeout=60)
        pause_flow_run(timeout=60, key="mine")

    with Resumer(answer, answer) as resumer:
        release()
    assert resumer.errors == []
    assert told == [("1", "paused-1-response"), ("mine", "paused-mine-response")]


async def test_asynchronous_flows_pause_without_holding_up_others(book: Book) -> None:
    @flow
    async def release() -> str:
        approval = await pause_flow_run(wait_for_input=Approval, timeout=60)
        return str(approval.reason)

    async def approve() -> None:
        runs: list[UUID] = []
        for _ in range(1000):
            runs = runs or await asyncio.to_thread(paused)
        await resume_flow_run(runs[0], run_input={"reason": "async"})

    def paused() -> list[UUID]:
        with Client() as client:
            return [UUID(run["id"]) for run in client.flow_runs(states=["PAUSED"])["nodes"]]

    released, _ = await asyncio.gather(release(), approve())
    assert released == "async"


def test_nobody_resumes(clock: VirtualClock, book: Book) -> None:
    @flow
    def forgotten() -> None:
        pause_flow_run(timeout=3600)

    with pytest.raises(FlowPauseTimeout, match="paused and never resumed"):
        forgotten()
    (run,) = book.flow_runs()
    assert book.history(run)[-3:] == ["Paused", "Running", "Failed"]


def test_a_flow_that_was_not_resumed_fails_whatever_it_makes_of_it(
    clock: VirtualClock, book: Book
) -> None:
    @flow
    def tidy() -> str:
        try:
            pause_flow_run(timeout=3600)
        except FlowPauseTimeout:
            return "tidied up"
        return "released"

    state = tidy(return_state=True)
    assert (state.name, state.message) == ("Failed", "The flow was paused and never resumed.")
    with pytest.raises(FlowPauseTimeout):
        tidy()


def test_a_task_pauses_its_flow(book: Book) -> None:
    @task
    def ask() -> int:
        number: int = pause_flow_run(wait_for_input=int, timeout=60)
        return number

    @flow
    def outer() -> int:
        return ask()

    with Resumer(lambda run: resume_flow_run(run, run_input={"value": 3})):
        assert outer() == 3


def test_what_cannot_be_paused_or_resumed_says_so(book: Book) -> None:
    with pytest.raises(RuntimeError, match="only be paused from within a flow run"):
        pause_flow_run()
    with pytest.raises(RuntimeError, match="only be suspended from within a flow run"):
        suspend_flow_run()
    with pytest.raises(ValueError, match="non-negative"):
        pause_flow_run(timeout=-1)

    ids = []

    @flow
    def plain() -> None:
        ids.append(here())
        with pytest.raises(RuntimeError, match="Cannot suspend flows without a deployment"):
            suspend_flow_run()

    plain()
    with pytest.raises(NotPausedError, match="isn't paused"):
        resume_flow_run(ids[0])
    with pytest.raises(RuntimeError, match=r"cannot be suspended: flow run .* is Completed"):
        suspend_flow_run(flow_run_id=ids[0])
    with pytest.raises(ObjectNotFound, match="there is no flow run"):
        resume_flow_run(UUID(int=1))
    with pytest.raises(ObjectNotFound, match="there is no flow run"):
        suspend_flow_run(flow_run_id=UUID(int=1))


def test_runs_send_each_other_inputs(book: Book) -> None:
    @flow
    def receiver() -> list[object]:
        me = here()
        send_input("hello", flow_run_id=me)
        send_input("world", flow_run_id=me)
        Approval(reason="fine").send_to(me)
        texts = list(receive_input(str, timeout=0))
        approval = Approval.receive(timeout=0).next()
        approval.respond(4)
        with_metadata = receive_input(int, timeout=0, with_metadata=True).next()
        assert with_metadata.metadata.sender == f"headrace.flow-run.{me}"
        with pytest.raises(TimeoutError, match="Timed out waiting for input"):
            receive_input(float, timeout=0).next()
        return [*texts, approval.reason, with_metadata.value]

    assert receiver() == ["hello", "world", "fine", 4]


def test_inputs_have_keys_of_their_own(book: Book) -> None:
    @flow
    def keeper() -> None:
        create_flow_run_input("mood", {"is": "good"})
        assert read_flow_run_input("mood") == {"is": "good"}
        delete_flow_run_input("mood")
        assert read_flow_run_input("mood") is None

    keeper()
    with pytest.raises(RuntimeError, match="Must either provide a flow run ID"):
        create_flow_run_input("mood", 1)
    with pytest.raises(ObjectNotFound):
        create_flow_run_input("mood", 1, flow_run_id=UUID(int=1))
