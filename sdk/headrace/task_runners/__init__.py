"""Where submitted tasks run.

@flow(task_runner=ThreadPoolTaskRunner(max_workers=4))
def pipeline(): ...
"""

from __future__ import annotations

from headrace.task_runners.base import TaskRunner
from headrace.task_runners.threads import ConcurrentTaskRunner, ThreadPoolTaskRunner

__all__ = ["ConcurrentTaskRunner", "TaskRunner", "ThreadPoolTaskRunner"]
