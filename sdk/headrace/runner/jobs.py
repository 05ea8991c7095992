"""What a host tells the process of a run: one JSON object, on its standard input."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from headrace.records import read_at_once


class Job(msgspec.Struct, frozen=True):
    """A claimed run, with all that it takes to begin."""

    flow_run_id: UUID
    name: str
    epoch: int
    run_count: int
    parameters: dict[str, Any]
    deployment_id: UUID
    deployment_name: str
    deployment_version: str | None
    entrypoint: str | None
    folder: str | None
    bundle_key: str | None
    #: Set when the run's process has died: this one only calls the hooks for its end.
    is_over: bool = False

    @classmethod
    def of(cls, claimed: dict[str, Any]) -> Job:
        """The job of a run that the service gave to this host."""
        deployment = claimed["deployment"]
        return cls(
            flow_run_id=UUID(claimed["flowRunId"]),
            name=claimed["name"],
            epoch=claimed["epoch"],
            run_count=claimed["runCount"],
            parameters=claimed["parameters"],
            deployment_id=UUID(deployment["id"]),
            deployment_name=deployment["name"],
            deployment_version=deployment["version"],
            entrypoint=deployment["entrypoint"],
            folder=claimed["folder"],
            bundle_key=deployment["bundleKey"],
        )


read_at_once(Job)
