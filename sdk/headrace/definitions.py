"""What flows and tasks have in common: a function with a name, and how often to try it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, SupportsIndex

from headrace.exceptions import InvalidOption

if TYPE_CHECKING:
    from headrace.engine.hooks import Hook
    from headrace.parameters import Shape
    from headrace.records import StateType

_COROUTINE_FUNCTION = 0x80  # inspect.CO_COROUTINE: `inspect` itself is slow to load


#: Names and tags have at most this many characters.
_MAX_NAME = 1024


class Definition:
    """A function, and how its runs are to go. See `headrace.flow` and `headrace.task`.

    Attributes:
        fn: the function itself; calling it runs it without any of this.
        name: what messages and the monitor call it.
        isasync: whether the function is a coroutine function.
    """

    kind = "definition"

    def __init__(
        self,
        fn: Callable[..., Any],
        *,
        name: str | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        version: str | None = None,
        retries: int = 0,
        retry_delay_seconds: float | Sequence[float] = 0,
        timeout_seconds: float | None = None,
        log_prints: bool | None = None,
        hooks: dict[str, Sequence[Hook] | Hook | None] | None = None,
    ) -> None:
        if not callable(fn):
            raise TypeError(f"@{self.kind} goes with a function, not with {fn!r}")
        functools.update_wrapper(self, fn)  # type: ignore[arg-type]  # the two call alike
        self.fn = fn
        self.name = _checked_name(self.kind, name, getattr(fn, "__name__", type(fn).__name__))
        self.description = description if description is not None else fn.__doc__
        self.tags = _checked_tags(f"{self.kind} '{self.name}'", tags)
        self.version = version
        self.retries = retries
        self.retry_delay_seconds = retry_delay_seconds
        self.timeout_seconds = None if timeout_seconds is None else float(timeout_seconds)
        self.log_prints = log_prints
        self.isasync = _is_coroutine_function(fn)
        self.hooks: dict[StateType, list[Hook]] = {}
        self._check()
        if hooks is not None and any(hooks.values()):
            from headrace.engine.hooks import collect  # loads what `import headrace` need not

            self.hooks = collect(**hooks)

    @functools.cached_property
    def shape(self) -> Shape:
        """What can be passed to the function."""
        from headrace.parameters import Shape  # slow to load, and not needed before the first call

        return Shape(self.fn, f"{self.kind} '{self.name}'")

    def retry_delay(self, retry: int) -> float:
        """How many seconds to wait before retry number `retry`, counted from 1."""
        delays = self.retry_delay_seconds
        if not isinstance(delays, Sequence):
            return delays
        return delays[min(retry, len(delays)) - 1] if delays else 0

    def _check(self) -> None:
        """Make sure that the options can be used, while it is still plain where they were given.

        Raises:
            InvalidOption: one cannot; the message names it.
        """
        title = f"{self.kind} '{self.name}'"
        retries: Any = self.retries  # what users pass may be of any type
        if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
            raise InvalidOption(f"{title}: retries={retries!r}: use a whole number, 0 or more")
        delays: Any = self.retry_delay_seconds
        for delay in delays if isinstance(delays, Sequence) else [delays]:
            if not isinstance(delay, int | float) or not 0 <= delay < 1e9:
                raise InvalidOption(
                    f"{title}: retry_delay_seconds={delays!r}: use a number of seconds, or a list"
                )
        timeout = self.timeout_seconds
        if timeout is not None and not 0 < timeout < 1e9:
            raise InvalidOption(
                f"{title}: timeout_seconds={timeout!r}: use more than 0, and less than 1e9"
            )
        version: Any = self.version
        if version is not None and not isinstance(version, str):
            raise InvalidOption(f"{title}: version={_shown(version)}: use text")

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


def _checked_name(kind: str, name: Any, default: str) -> str:
    if name is None:
        return default[:_MAX_NAME] or "unnamed"
    if not _is_name(name):
        raise InvalidOption(f"a {kind}'s name has 1 to 1,024 characters, unlike {_shown(name)}")
    checked: str = name
    return checked


def _checked_tags(title: str, tags: Any) -> list[str]:
    """The tags in order, each once."""
    # Text by itself would be taken apart into its letters.
    alone = isinstance(tags, str | bytes) or not isinstance(tags, Iterable | None)
    several: list[Any] = [] if alone else list(tags or ())
    if alone or not all(map(_is_name, several)):
        raise InvalidOption(
            f"{title}: tags={_shown(several or tags)}: "
            "use a list of texts of 1 to 1,024 characters each"
        )
    return sorted(set(several))


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # a user's __repr__ may raise anything
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 80 else text[:79] + "…"


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_NAME


def _is_coroutine_function(fn: Callable[..., Any]) -> bool:
    """Whether calling `fn` makes a coroutine."""
    function: Any = fn
    while isinstance(function, functools.partial):
        function = function.func
    if not hasattr(function, "__code__"):
        # A method, or an object with a `__call__`.
        function = getattr(function, "__func__", type(function).__call__)
    code = getattr(function, "__code__", None)
    return bool(code is not None and code.co_flags & _COROUTINE_FUNCTION)
