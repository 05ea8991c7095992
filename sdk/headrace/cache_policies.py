"""What makes two calls of a task the same, so that the second gets the first one's result.

    @task(cache_policy=INPUTS - "verbose")
    def fetch(url: str, verbose: bool = False) -> bytes: ...

Policies are values: they can be added (both have to agree), and an argument can be taken out. A
policy's own part of a key names no task; whoever looks a result up makes sure that it is of the
same task.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

from headrace.exceptions import HashError
from headrace.hashing import hash_code, hash_value

if TYPE_CHECKING:
    from headrace.context import TaskRunContext
    from headrace.filesystems import WritableFileSystem
    from headrace.locking.protocol import LockManager
    from headrace.transactions import IsolationLevel

KeyStorage: TypeAlias = "WritableFileSystem | str | Path"
Isolation: TypeAlias = "Literal['READ_COMMITTED', 'SERIALIZABLE'] | IsolationLevel"

#: Makes the key of a call from the task run and the arguments; None does not cache it.
CacheKeyFunction = Callable[["TaskRunContext", dict[str, Any]], "str | None"]


@dataclasses.dataclass
class CachePolicy:
    """What all policies have in common; for one of your own, override `compute_key`.

    Args:
        key_storage: where the keys are kept; by default beside the results.
        isolation_level: SERIALIZABLE lets one run at a time compute the result of a key.
        lock_manager: how runs keep each other out; needed for SERIALIZABLE.
    """

    key_storage: KeyStorage | None = None
    isolation_level: Isolation | None = None
    lock_manager: LockManager | None = None

    @classmethod
    def from_cache_key_fn(cls, cache_key_fn: CacheKeyFunction) -> CacheKeyFnPolicy:
        """The policy whose keys are what `cache_key_fn` returns."""
        return CacheKeyFnPolicy(cache_key_fn=cache_key_fn)

    def configure(
        self,
        key_storage: KeyStorage | None = None,
        lock_manager: LockManager | None = None,
        isolation_level: Isolation | None = None,
    ) -> Self:
        """The same policy with what is given changed."""
        given = {
            "key_storage": key_storage,
            "lock_manager": lock_manager,
            "isolation_level": isolation_level,
        }
        changed = copy.copy(self)
        for name, value in given.items():
            if value is not None:
                setattr(changed, name, value)
        return changed

    def compute_key(
        self,
        task_ctx: TaskRunContext,
        inputs: dict[str, Any],
        flow_parameters: dict[str, Any],
        **kwargs: Any,
    ) -> str | None:
        """The key of a call; None if its result is not to be kept.

        Args:
            task_ctx: the task run.
            inputs: the task's arguments by parameter name, defaults included.
            flow_parameters: those of the flow run it belongs to, if any.

        Raises:
            HashError: something that belongs into the key cannot be hashed.
        """
        raise NotImplementedError

    def __add__(self, other: CachePolicy) -> CachePolicy:
        """Both policies: calls are the same when they are for each.

        Raises:
            ValueError: the two are configured to different storages, levels or locks.
        """
        if isinstance(other, _None):
            return self
        if isinstance(self, _None):
            return other
        return CompoundCachePolicy(
            policies=[self, other],
            key_storage=_agreed("storage locations", self.key_storage, other.key_storage),
            isolation_level=_agreed(
                "isolation levels", self.isolation_level, other.isolation_level
            ),
            lock_manager=_agreed("lock implementations", self.lock_manager, other.lock_manager),
        )

    def __sub__(self, other: str) -> CachePolicy:
        """The policy without the argument `other`, where arguments matter to it."""
        if not isinstance(other, str):
            raise TypeError("Can only subtract strings from key policies.")
        return self._without(other)

    def _without(self, argument: str) -> CachePolicy:
        return self


def _agreed(what: str, one: Any, other: Any) -> Any:
    if one is not None and other is not None and one != other:
        raise ValueError(f"Cannot add CachePolicies with different {what}.")
    return other if one is None else one


@dataclasses.dataclass
class CacheKeyFnPolicy(CachePolicy):
    """Keys come from a function of the user's."""

    cache_key_fn: CacheKeyFunction | None = None

    def compute_key(
        self,
        task_ctx: TaskRunContext,
        inputs: dict[str, Any],
        flow_parameters: dict[str, Any],
        **kwargs: Any,
    ) -> str | None:
        """What the function returns."""
        return None if self.cache_key_fn is None else self.cache_key_fn(task_ctx, inputs)


@dataclasses.dataclass
class CompoundCachePolicy(CachePolicy):
    """Several policies at once; those without a key for a call do not count for it."""

    policies: list[CachePolicy] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        flat: list[CachePolicy] = []
        for policy in self.policies:
            flat += policy.policies if isinstance(policy, CompoundCachePolicy) else [policy]
        inputs = [policy for policy in flat if isinstance(policy, Inputs)]
        self.policies = [policy for policy in flat if not isinstance(policy, Inputs)]
        if inputs:
            # One policy of inputs, with what is taken out of any of them.
            excluded = {name for policy in inputs for name in policy.exclude}
            self.policies.append(Inputs(exclude=sorted(excluded)))

    def compute_key(
        self,
        task_ctx: TaskRunContext,
        inputs: dict[str, Any],
        flow_parameters: dict[str, Any],
        **kwargs: Any,
    ) -> str | None:
        """A hash of the policies' keys."""
        found = [
            policy.compute_key(
                task_ctx=task_ctx, inputs=inputs, flow_parameters=flow_parameters, **kwargs
            )
            for policy in self.policies
        ]
        keys = [key for key in found if key is not None]
        return hash_value(keys) if keys else None

    def _without(self, argument: str) -> CachePolicy:
        if not any(isinstance(policy, Inputs) for policy in self.policies):
            return self
        return dataclasses.replace(self, policies=[*self.policies, Inputs(exclude=[argument])])


@dataclasses.dataclass
class _None(CachePolicy):
    """No call is like another: nothing is cached, nor kept for that."""

    def compute_key(
        self,
        task_ctx: TaskRunContext,
        inputs: dict[str, Any],
        flow_parameters: dict[str, Any],
        **kwargs: Any,
    ) -> str | None:
        return None


@dataclasses.dataclass
class TaskSource(CachePolicy):
    """Calls are the same while the task's own code stays as it is."""

    def compute_key(
        self,
        task_ctx: TaskRunContext | None,
        inputs: dict[str, Any] | None,
        flow_parameters: dict[str, Any] | None,
        **kwargs: Any,
    ) -> str | None:
        """A hash of the source, or of the compiled code where there is no source to be read."""
        if task_ctx is None:
            return None
        task = task_ctx.task
        if task.source_code is not None:
            return hash_value(task.source_code)
        return hash_code(getattr(getattr(task.fn, "__func__", task.fn), "__code__", None))


@dataclasses.dataclass
class FlowParameters(CachePolicy):
    """Calls are the same within flow runs of the same parameters."""

    def compute_key(
        self,
        task_ctx: TaskRunContext,
        inputs: dict[str, Any],
        flow_parameters: dict[str, Any],
        **kwargs: Any,
    ) -> str | None:
        """A hash of the flow run's parameters."""
        return _hash_each("flow parameter", flow_parameters) if flow_parameters else None


@dataclasses.dataclass
class RunId(CachePolicy):
    """Calls are the same only within one flow run; outside of flows, within one task run."""

    def compute_key(
        self,
        task_ctx: TaskRunContext | None,
        inputs: dict[str, Any],
        flow_parameters: dict[str, Any],
        **kwargs: Any,
    ) -> str | None:
        """The id of the run."""
        if task_ctx is None:
            return None
        return str(task_ctx.task_run.flow_run_id or task_ctx.task_run.id)


@dataclasses.dataclass
class Inputs(CachePolicy):
    """Calls are the same when their arguments are equal.

    Args:
        exclude: names of arguments that do not matter.
    """

    exclude: list[str] = dataclasses.field(default_factory=list)

    def compute_key(
        self,
        task_ctx: TaskRunContext,
        inputs: dict[str, Any],
        flow_parameters: dict[str, Any],
        **kwargs: Any,
    ) -> str | None:
        """A hash of the arguments; None if there are none."""
        if not inputs:
            return None
        counted = {name: value for name, value in inputs.items() if name not in self.exclude}
        return _hash_each("argument", counted)

    def _without(self, argument: str) -> CachePolicy:
        return dataclasses.replace(self, exclude=[*self.exclude, argument])


def _hash_each(what: str, values: dict[str, Any]) -> str:
    hashes = {}
    for name, value in values.items():
        try:
            hashes[name] = hash_value(value)
        except HashError as error:
            raise HashError(f"{what} '{name}' {error}") from error.__cause__
    return hash_value(hashes)


INPUTS = Inputs()
NONE = _None()
NO_CACHE = _None()
TASK_SOURCE = TaskSource()
FLOW_PARAMETERS = FlowParameters()
RUN_ID = RunId()
DEFAULT = INPUTS + TASK_SOURCE + RUN_ID
