"""Runs as the code within them asks for them: what runs, with what, and the run itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headrace.context.runs import CURRENT_RUN, LiveFlowRun, LiveRun, LiveTaskRun

if TYPE_CHECKING:
    from headrace.flows import Flow
    from headrace.task_runners import TaskRunner
    from headrace.tasks import Task


class _View:
    """What is asked of it and it has not, its run has."""

    __slots__ = ("_run",)

    _run: Any

    def __getattr__(self, name: str) -> Any:
        if name == "_run":  # one that is being copied has none yet
            raise AttributeError(name)
        return getattr(self._run, name)

    @property
    def persist_result(self) -> bool:
        """Whether the run's result is kept."""
        said: bool = self._run.persist_result
        return said

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._run.name!r}>"


class EngineContext(_View):
    """The flow run that code runs in; `FlowRunContext` is its other name."""

    __slots__ = ()

    def __init__(self, run: LiveFlowRun) -> None:
        self._run = run

    @staticmethod
    def get() -> EngineContext | None:
        """That of the innermost flow run that this code runs in, or None."""
        run = LiveFlowRun.get()
        return None if run is None else _of_flow_run(run)

    @property
    def flow_run(self) -> LiveFlowRun:
        """The run."""
        run: LiveFlowRun = self._run
        return run

    @property
    def flow(self) -> Flow[..., Any]:
        """The flow that runs."""
        return self.flow_run.flow

    @property
    def parameters(self) -> dict[str, Any]:
        """The arguments that the flow's function has, by parameter name."""
        return self.flow_run.arguments

    @property
    def task_runner(self) -> TaskRunner[Any]:
        """Where submitted tasks run."""
        return self.flow_run.task_runner


class TaskRunContext(_View):
    """The task run that code runs in."""

    __slots__ = ()

    def __init__(self, run: LiveTaskRun) -> None:
        self._run = run

    @staticmethod
    def get() -> TaskRunContext | None:
        """That of the innermost task run that this code runs in, or None."""
        run = LiveTaskRun.get()
        return None if run is None else context_of(run)

    @property
    def task_run(self) -> LiveTaskRun:
        """The run."""
        run: LiveTaskRun = self._run
        return run

    @property
    def task(self) -> Task[..., Any]:
        """The task that runs."""
        return self.task_run.task

    @property
    def parameters(self) -> dict[str, Any]:
        """The task's arguments by parameter name, defaults included."""
        return self.task_run.parameters


def run_of(context: Any) -> Any:
    """The run that a context is of; another thing, as it is."""
    return context._run if isinstance(context, _View) else context


def context_of(run: LiveTaskRun) -> TaskRunContext:
    """What a task run is known by to code within it; the same whenever it is asked for."""
    if run.view is None:
        run.view = TaskRunContext(run)
    return run.view


def _of_flow_run(run: LiveFlowRun) -> EngineContext:
    if run.view is None:
        run.view = EngineContext(run)
    return run.view


def get_run_context() -> EngineContext | TaskRunContext:
    """The run that this code runs in.

    Raises:
        MissingContextError: it runs in none.
    """
    run: LiveRun | None = CURRENT_RUN.get()
    if run is None:
        from headrace.exceptions import MissingContextError

        raise MissingContextError(
            "No run context available. You are not in a flow or task run context."
        )
    return context_of(run) if isinstance(run, LiveTaskRun) else _of_flow_run(run)
