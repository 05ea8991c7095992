"""Flow runs, as the service tells of them."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

import pydantic

from headrace.client import operations
from headrace.client.schemas.bases import Identified
from headrace.client.shared import ask
from headrace.exceptions import ObjectNotFound
from headrace.records import StateType
from headrace.states import State


class FlowRun(Identified):
    """A flow run as it was when it was asked for.

    Attributes:
        name: its name.
        flow_name: its flow's name.
        state: the state that it was in.
        parameters, tags: as it was called.
        run_count: the number of the attempt it was at.
        deployment_id: the deployment that it is a run of, if it is one's.
        expected_start_time: when it is due, if it is a deployment's run.
        start_time, end_time: when it began and ended; None before.
        parent_task_run_id: the task run that started it, if one did.
    """

    name: str
    flow_name: str
    state: State[Any]
    parameters: dict[str, Any] = pydantic.Field(default_factory=dict)
    tags: list[str] = pydantic.Field(default_factory=list)
    run_count: int = 0
    deployment_id: UUID | None = None
    expected_start_time: datetime.datetime | None = None
    start_time: datetime.datetime | None = None
    end_time: datetime.datetime | None = None
    parent_task_run_id: UUID | None = None

    @property
    def state_name(self) -> str:
        """The name of its state."""
        return self.state.name

    @property
    def state_type(self) -> StateType:
        """The type of its state."""
        return self.state.type

    @classmethod
    def of(cls, answer: dict[str, Any]) -> FlowRun:
        """The flow run that the service answered with."""
        state = answer["state"]
        at = datetime.datetime.fromisoformat(state["timestamp"])
        micros = round(at.timestamp() * 1_000_000)
        return cls(
            id=UUID(answer["id"]),
            created=answer["createdAt"],
            name=answer["name"],
            flow_name=answer["flowName"],
            state=State(StateType(state["type"]), state["name"], state["message"], None, micros),
            parameters=answer["parameters"],
            tags=answer["tags"],
            run_count=answer["runCount"],
            deployment_id=answer["deploymentId"],
            expected_start_time=answer["scheduledTime"],
            start_time=answer["startTime"],
            end_time=answer["endTime"],
            parent_task_run_id=answer["parentTaskRunId"],
        )

    @classmethod
    async def read(cls, flow_run_id: UUID) -> FlowRun:
        """The flow run of that id.

        Raises:
            ObjectNotFound: there is none.
        """
        answer = await ask(operations.flow_run(flow_run_id))
        if answer is None:
            raise ObjectNotFound(None, f"there is no flow run {flow_run_id}")
        return cls.of(answer)
