"""What lists are sorted by."""

from __future__ import annotations

from enum import auto

from headrace.client.schemas.bases import Names


class FlowRunSort(Names):
    """Orders of flow runs."""

    ID_DESC = auto()
    START_TIME_ASC = auto()
    START_TIME_DESC = auto()
    EXPECTED_START_TIME_ASC = auto()
    EXPECTED_START_TIME_DESC = auto()
    NAME_ASC = auto()
    NAME_DESC = auto()
    NEXT_SCHEDULED_START_TIME_ASC = auto()
    END_TIME_DESC = auto()


class TaskRunSort(Names):
    """Orders of task runs."""

    ID_DESC = auto()
    EXPECTED_START_TIME_ASC = auto()
    EXPECTED_START_TIME_DESC = auto()
    NAME_ASC = auto()
    NAME_DESC = auto()
    NEXT_SCHEDULED_START_TIME_ASC = auto()
    END_TIME_DESC = auto()
    DURATION_DESC = auto()
    DURATION_ASC = auto()


class LogSort(Names):
    """Orders of log lines."""

    TIMESTAMP_ASC = auto()
    TIMESTAMP_DESC = auto()


class FlowSort(Names):
    """Orders of flows."""

    CREATED_DESC = auto()
    UPDATED_DESC = auto()
    NAME_ASC = auto()
    NAME_DESC = auto()


class DeploymentSort(Names):
    """Orders of deployments."""

    CREATED_DESC = auto()
    UPDATED_DESC = auto()
    NAME_ASC = auto()
    NAME_DESC = auto()


class ArtifactSort(Names):
    """Orders of artifacts."""

    CREATED_DESC = auto()
    UPDATED_DESC = auto()
    ID_DESC = auto()
    KEY_DESC = auto()
    KEY_ASC = auto()


class VariableSort(Names):
    """Orders of variables."""

    CREATED_DESC = auto()
    UPDATED_DESC = auto()
    NAME_DESC = auto()
    NAME_ASC = auto()


class BlockDocumentSort(Names):
    """Orders of blocks."""

    NAME_DESC = auto()
    NAME_ASC = auto()
    BLOCK_TYPE_AND_NAME_ASC = auto()
