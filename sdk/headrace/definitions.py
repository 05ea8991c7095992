"""What flows and tasks have in common: a function with a name, and how often to try it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, SupportsIndex, TypeVar

from headrace import class_bodies
from headrace.exceptions import ReservedArgumentError
from headrace.options import (
    checked_delays,
    checked_flag,
    checked_hooks,
    checked_name,
    checked_retries,
    checked_tags,
    checked_text,
    checked_timeout,
)

if TYPE_CHECKING:
    from headrace.engine.hooks import Hook
    from headrace.parameters import Shape

H = TypeVar("H", bound=Callable[..., Any])

# The flags of `inspect`, which itself is slow to load.
_COROUTINE, _GENERATOR, _ASYNC_GENERATOR = 0x80, 0x20, 0x200


class Definition:
    """A function, and how its runs are to go. See `headrace.flow` and `headrace.task`.

    Attributes:
        fn: the function itself, of methods too: calling it runs it without any of this.
        owner: the object that it is bound to, as a method; None if it is no method.
        name: what messages and the monitor call it.
        isasync: whether the function is a coroutine function or an async generator function.
        isgenerator: whether it is a generator function, async or not.
        isclassmethod, isstaticmethod: whether the decorator was put on a method of that kind.
        hooks: the functions to call at changes of state, by the option that names them.
    """

    kind: ClassVar[str] = "definition"

    #: What a call takes besides the function's own arguments.
    reserved: ClassVar[tuple[str, ...]] = ("return_state", "wait_for")

    def __init__(
        self,
        fn: Callable[..., Any],
        *,
        name: str | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        version: str | None = None,
        retries: int | None = None,
        retry_delay_seconds: float | Sequence[float] | Callable[[int], list[float]] | None = None,
        timeout_seconds: float | None = None,
        log_prints: bool | None = None,
        hooks: Mapping[str, Iterable[Any] | None] | None = None,
    ) -> None:
        self.isclassmethod = isinstance(fn, classmethod)
        self.isstaticmethod = isinstance(fn, staticmethod)
        function: Callable[..., Any] = getattr(fn, "__func__", fn) if self._is_unbound else fn
        if not callable(function):
            raise TypeError("'fn' must be callable")
        functools.update_wrapper(self, function)  # type: ignore[arg-type]  # the two call alike
        self.fn = function
        self.owner: object = None
        self.name = checked_name(
            self.kind, name, getattr(function, "__name__", type(function).__name__)
        )
        title = f"{self.kind} '{self.name}'"
        if checked_text(title, "description", description):
            self.description = description
        self.tags = checked_tags(title, tags)
        self.version = checked_text(title, "version", version)
        from headrace.settings import get_settings  # slow to load

        settings = get_settings()
        if retries is None:
            retries = getattr(settings, f"{self.kind}s_default_retries")
        if retry_delay_seconds is None:
            retry_delay_seconds = getattr(settings, f"{self.kind}s_default_retry_delay_seconds")
        self.retries = checked_retries(title, retries)
        self.retry_delay_seconds = checked_delays(title, retry_delay_seconds, self.retries)
        self.timeout_seconds = checked_timeout(title, timeout_seconds)
        self.log_prints = checked_flag(title, "log_prints", log_prints)
        flags = _flags_of(function)
        self.isasync = bool(flags & (_COROUTINE | _ASYNC_GENERATOR))
        self.isgenerator = bool(flags & (_GENERATOR | _ASYNC_GENERATOR))
        self.hooks: dict[str, list[Any]] = {
            option: checked_hooks(self.kind, option, given)
            for option, given in (hooks or {}).items()
            if given is not None
        }
        self._refuse_reserved_names()
        if class_bodies.NEEDED:
            class_bodies.watch(Definition)

    @functools.cached_property
    def description(self) -> str | None:
        """What the flow or task is for; the function's docstring unless it was told."""
        import inspect  # slow to load

        return inspect.getdoc(self.fn)

    @functools.cached_property
    def shape(self) -> Shape:
        """What can be passed to the function."""
        from headrace.parameters import Shape  # slow to load, and not needed before the first call

        return Shape(self.function)

    @property
    def ismethod(self) -> bool:
        """Whether the function is bound to an object."""
        return hasattr(self.function, "__self__")

    @property
    def function(self) -> Callable[..., Any]:
        """What a call executes: `fn`, as a method of `owner` if there is one."""
        owner = self.owner
        bound: Callable[..., Any] = self.fn if owner is None else self.fn.__get__(owner)
        return bound

    def retry_delay(self, retry: int) -> float:
        """How many seconds to wait before retry number `retry`, counted from 1."""
        delays = self.retry_delay_seconds
        if not isinstance(delays, Sequence):
            return delays
        return delays[min(retry, len(delays)) - 1] if delays else 0

    @property
    def on_completion_hooks(self) -> list[Hook]:
        """The functions called when a run completes."""
        return self.hooks.setdefault("on_completion", [])

    @property
    def on_failure_hooks(self) -> list[Hook]:
        """The functions called when a run fails."""
        return self.hooks.setdefault("on_failure", [])

    @property
    def on_running_hooks(self) -> list[Hook]:
        """The functions called when an attempt begins."""
        return self.hooks.setdefault("on_running", [])

    def on_completion(self, fn: H) -> H:
        """Decorator: call `fn` with it, the run and the state whenever a run completes."""
        return self._add_hook("on_completion", fn)

    def on_failure(self, fn: H) -> H:
        """Decorator: call `fn` with it, the run and the state whenever a run fails."""
        return self._add_hook("on_failure", fn)

    def on_running(self, fn: H) -> H:
        """Decorator: call `fn` with it, the run and the state whenever an attempt begins."""
        return self._add_hook("on_running", fn)

    def _add_hook(self, option: str, fn: H) -> H:
        (hook,) = checked_hooks(self.kind, option, [fn])
        self.hooks.setdefault(option, []).append(hook)
        return fn

    def _bind(self, instance: object, owner: type | None) -> Any:
        """The same with the function bound, as a method is; the options are shared."""
        if self.isstaticmethod or (instance is None and not self.isclassmethod):
            return self
        bound = self._copy()
        bound.__dict__.pop("shape", None)
        bound.owner = owner if self.isclassmethod else instance
        return bound

    def _made_anew(self, options: Mapping[str, Any]) -> Self:
        """The same function, bound alike, with these options of the decorator."""
        made = type(self)(self.fn, **options)
        made.owner, made.isclassmethod = self.owner, self.isclassmethod
        made.isstaticmethod = self.isstaticmethod
        return made

    def of_class(self) -> Self:
        """The same as a class's method, as if the decorator were put on a `classmethod`."""
        copy = self._copy()
        copy.isclassmethod = True
        return copy

    def _copy(self) -> Self:
        copy = self.__class__.__new__(self.__class__)
        copy.__dict__.update(self.__dict__)
        return copy

    @property
    def _is_unbound(self) -> bool:
        return self.isclassmethod or self.isstaticmethod

    def _refuse_reserved_names(self) -> None:
        code = getattr(self.fn, "__code__", None)
        if code is None:
            return
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        for name in self.reserved:
            if name in names:
                raise ReservedArgumentError(
                    f"{name!r} is a reserved argument name and cannot be used."
                )

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        """Pickle by name, as functions are, where the name leads here.

        The function itself cannot be pickled: its name leads to this object instead.
        """
        name: str = getattr(self.fn, "__qualname__", "")
        found: Any = sys.modules.get(getattr(self.fn, "__module__", ""))
        for part in name.split("."):
            found = getattr(found, part, None)
        return name if found is self else super().__reduce_ex__(protocol)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name!r}>"


def _flags_of(fn: Callable[..., Any]) -> int:
    """The flags of the function's code: they tell of what calling it makes."""
    function: Any = fn
    while isinstance(function, functools.partial):
        function = function.func
    if not hasattr(function, "__code__"):
        # A method, or an object with a `__call__`.
        function = getattr(function, "__func__", type(function).__call__)
    code = getattr(function, "__code__", None)
    return 0 if code is None else int(code.co_flags)
