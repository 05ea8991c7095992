"""The Dask task runner, under the name that Prefect's users import it by."""

from __future__ import annotations

from headrace.task_runners.dask import DaskTaskRunner

__all__ = ["DaskTaskRunner"]
