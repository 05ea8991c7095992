"""Where submitted tasks run.

@flow(task_runner=ThreadPoolTaskRunner(max_workers=4))
def pipeline(): ...

- `ThreadPoolTaskRunner`: in threads of this process; what flows use by default.
- `ProcessPoolTaskRunner`: in processes of this machine, for tasks that compute.
- `HeadraceTaskRunner`: by task workers, wherever they run.
- `DaskTaskRunner`: on a Dask cluster (the extra `dask`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.lazy import attributes
from headrace.task_runners.base import TaskRunner
from headrace.task_runners.threads import ConcurrentTaskRunner, ThreadPoolTaskRunner

if TYPE_CHECKING:
    from headrace.task_runners.background import HeadraceTaskRunner as HeadraceTaskRunner
    from headrace.task_runners.dask import DaskTaskRunner as DaskTaskRunner
    from headrace.task_runners.processes import ProcessPoolTaskRunner as ProcessPoolTaskRunner

_HOMES = {
    "DaskTaskRunner": "dask",
    "HeadraceTaskRunner": "background",
    "ProcessPoolTaskRunner": "processes",
}

__all__ = ["ConcurrentTaskRunner", "TaskRunner", "ThreadPoolTaskRunner", *_HOMES]

__getattr__ = attributes(__name__, _HOMES)
