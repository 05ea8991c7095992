"""Artifacts: what runs make for people to look at.

    @task
    def report(rows: list[dict]):
        create_table_artifact(table=rows, key="rows", description="What came in")

Each function is there twice: `create_table_artifact` is for any code, and in asynchronous code has
to be awaited; `acreate_table_artifact` is always a coroutine function.
"""

from __future__ import annotations

import json
import math
from typing import Any, cast
from uuid import UUID

from headrace.client import saved
from headrace.client.schemas import answers
from headrace.client.schemas.actions import ArtifactCreate
from headrace.client.schemas.objects import Artifact as ArtifactResponse
from headrace.client.shared import ask
from headrace.context import LiveFlowRun, LiveTaskRun
from headrace.exceptions import ObjectNotFound, ServiceError
from headrace.logging import get_logger
from headrace.utilities.asyncutils import dispatch, dispatched

logger = get_logger("artifacts")


class Artifact(ArtifactCreate):
    """An artifact to be made.

    Attributes:
        type: how its data is shown: "markdown", "table", "progress", "image" or another.
        key: what it is known by: lowercase letters, numbers and dashes. Those with one key are
            versions of one thing.
        description: what it is, in Markdown.
        data: what it shows.
    """

    async def acreate(self, client: object = None) -> ArtifactResponse:
        """Make it; it belongs to the flow run and task run that this code runs in, if any.

        Args:
            client: has no effect; programs written for Prefect may give one.
        """
        task_run, flow_run = LiveTaskRun.get(), LiveFlowRun.get()
        flow_run_id = self.flow_run_id or (None if flow_run is None else flow_run.id)
        task_run_id = self.task_run_id or (None if task_run is None else task_run.id)
        new = {
            "key": self.key,
            "type": self.type,
            "description": self.description,
            "data": _as_kept(await self.aformat()),
            "flowRunId": None if flow_run_id is None else str(flow_run_id),
            "taskRunId": None if task_run_id is None else str(task_run_id),
        }
        return answers.artifact(await ask(saved.create_artifact(new)))

    @classmethod
    async def aget(cls, key: str | None = None, client: object = None) -> ArtifactResponse | None:
        """The newest artifact of a key, or of all when there is no key; None if there is none."""
        if key is None:
            page = await ask(saved.artifacts({}, first=1))
            found = next(iter(page["nodes"]), None)
        else:
            found = await ask(saved.artifact(key=key))
        return None if found is None else answers.artifact(found)

    @classmethod
    async def aget_or_create(
        cls,
        key: str | None = None,
        description: str | None = None,
        data: dict[str, Any] | Any | None = None,
        client: object = None,
        **kwargs: Any,
    ) -> tuple[ArtifactResponse, bool]:
        """The newest artifact of a key, or a new one; and whether it is new."""
        found = await cls.aget(key)
        if found is not None:
            return found, False
        new = cls(key=key, description=description, data=data, **kwargs)
        return await new.acreate(), True

    async def aformat(self) -> Any:
        """What is kept as the artifact's data."""
        return json.dumps(self.data)

    def create(self, client: object = None, *, _sync: bool | None = None) -> ArtifactResponse:
        """Make it; see `acreate`."""
        return cast(ArtifactResponse, dispatch(self.acreate(client), _sync))

    @classmethod
    def get(
        cls, key: str | None = None, client: object = None, *, _sync: bool | None = None
    ) -> ArtifactResponse | None:
        """The newest artifact of a key; see `aget`."""
        return cast("ArtifactResponse | None", dispatch(cls.aget(key), _sync))

    @classmethod
    def get_or_create(
        cls,
        key: str | None = None,
        description: str | None = None,
        data: dict[str, Any] | Any | None = None,
        client: object = None,
        *,
        _sync: bool | None = None,
        **kwargs: Any,
    ) -> tuple[ArtifactResponse, bool]:
        """The newest artifact of a key, or a new one; see `aget_or_create`."""
        making = cls.aget_or_create(key, description, data, **kwargs)
        return cast("tuple[ArtifactResponse, bool]", dispatch(making, _sync))

    def format(self, *, _sync: bool | None = None) -> Any:
        """What is kept as the artifact's data; see `aformat`."""
        return dispatch(self.aformat(), _sync)


class LinkArtifact(Artifact):
    """A link, with the text that stands for it."""

    link: str
    link_text: str | None = None
    type: str | None = "markdown"

    async def aformat(self) -> str:
        """The link in Markdown."""
        return f"[{self.link_text or self.link}]({self.link})"


class MarkdownArtifact(Artifact):
    """A text in Markdown."""

    markdown: str
    type: str | None = "markdown"

    async def aformat(self) -> str:
        """The text."""
        return self.markdown


class TableArtifact(Artifact):
    """A table: columns by name, rows by column name, or rows."""

    table: dict[str, list[Any]] | list[dict[str, Any]] | list[list[Any]]
    type: str | None = "table"

    async def aformat(self) -> str:
        """The table as JSON; what is no number (NaN) is null there."""
        return json.dumps(_without_nan(self.table))


class ProgressArtifact(Artifact):
    """How far something has come, from 0 to 100 percent."""

    progress: float
    type: str | None = "progress"

    async def aformat(self) -> float:
        """The progress; what is out of range is brought to its end."""
        if not 0.0 <= self.progress <= 100.0:
            logger.warning(
                f"ProgressArtifact received an invalid value, Progress: {self.progress}%"
            )
            self.progress = max(0.0, min(self.progress, 100.0))
            logger.warning(f"Interpreting as {self.progress}% progress")
        return self.progress


class ImageArtifact(Artifact):
    """An image that anybody can load from its address."""

    image_url: str
    type: str | None = "image"

    async def aformat(self) -> str:
        """The address."""
        return self.image_url


def _as_kept(data: Any) -> Any:
    """Data as it is read again: a whole number is kept as one, as it is by Prefect."""
    return int(data) if isinstance(data, float) and data.is_integer() else data


def _without_nan(item: Any) -> Any:
    if isinstance(item, list):
        return [_without_nan(one) for one in item]
    if isinstance(item, dict):
        return {key: _without_nan(value) for key, value in item.items()}
    return None if isinstance(item, float) and math.isnan(item) else item


async def acreate_link_artifact(
    link: str,
    link_text: str | None = None,
    key: str | None = None,
    description: str | None = None,
    client: object = None,
) -> UUID:
    """Make an artifact of a link.

    Args:
        link: the address.
        link_text: the text that stands for it; by default the address.
        key: what the artifact is known by: lowercase letters, numbers and dashes.
        description: what it is, in Markdown.
        client: has no effect; programs written for Prefect may give one.

    Returns:
        The artifact's id.

    Raises:
        pydantic.ValidationError: an argument cannot be used.
    """
    new = LinkArtifact(link=link, link_text=link_text, key=key, description=description)
    return (await new.acreate()).id


async def acreate_markdown_artifact(
    markdown: str, key: str | None = None, description: str | None = None
) -> UUID:
    """Make an artifact of a text in Markdown; see `create_link_artifact`."""
    return (
        await MarkdownArtifact(markdown=markdown, key=key, description=description).acreate()
    ).id


async def acreate_table_artifact(
    table: dict[str, list[Any]] | list[dict[str, Any]] | list[list[Any]],
    key: str | None = None,
    description: str | None = None,
) -> UUID:
    """Make an artifact of a table; see `create_link_artifact`.

    Args:
        table: lists of values by column name, a list of rows by column name, or a list of rows.
        key: what the artifact is known by.
        description: what it is.
    """
    return (await TableArtifact(table=table, key=key, description=description).acreate()).id


async def acreate_progress_artifact(
    progress: float, key: str | None = None, description: str | None = None
) -> UUID:
    """Make an artifact of how far something has come; see `create_link_artifact`.

    Args:
        progress: in percent, from 0 to 100.
        key: what the artifact is known by.
        description: what it is.
    """
    return (
        await ProgressArtifact(progress=progress, key=key, description=description).acreate()
    ).id


async def aupdate_progress_artifact(
    artifact_id: UUID, progress: float, description: str | None = None, client: object = None
) -> UUID:
    """Say how far something has come by now.

    Args:
        artifact_id: what `create_progress_artifact` returned.
        progress: in percent, from 0 to 100.
        description: what it is from now on; by default it stays.
        client: has no effect; programs written for Prefect may give one.

    Returns:
        The artifact's id.

    Raises:
        ObjectNotFound: there is no such artifact.
    """
    artifact = ProgressArtifact(progress=progress, description=description)
    changes = {"data": _as_kept(await artifact.aformat())}
    if description:
        changes["description"] = description
    try:
        await ask(saved.update_artifact(artifact_id, changes))
    except ServiceError as error:
        if error.code != "NotFound":
            raise
        raise ObjectNotFound(error, str(error)) from None
    return artifact_id


async def acreate_image_artifact(
    image_url: str, key: str | None = None, description: str | None = None
) -> UUID:
    """Make an artifact of an image that anybody can load; see `create_link_artifact`."""
    return (await ImageArtifact(image_url=image_url, key=key, description=description).acreate()).id


create_link_artifact = dispatched(acreate_link_artifact)
create_markdown_artifact = dispatched(acreate_markdown_artifact)
create_table_artifact = dispatched(acreate_table_artifact)
create_progress_artifact = dispatched(acreate_progress_artifact)
update_progress_artifact = dispatched(aupdate_progress_artifact)
create_image_artifact = dispatched(acreate_image_artifact)
