"""The parameters of a flow's or task's function: binding a call's arguments, and validating them.

Looking at a function costs hundreds of microseconds, so that it is done once, at its first call.
"""

from __future__ import annotations

import datetime
import decimal
import inspect
import math
import os
import sys
import typing
from collections import deque
from collections.abc import Callable, Mapping, Sized
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from headrace.exceptions import ParameterBindError, SignatureMismatchError
from headrace.nesting import PLAIN
from headrace.text import clean, shown

if TYPE_CHECKING:
    from headrace.validation import Validator

_EMPTY = inspect.Parameter.empty
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
#: The kinds of parameters that take the rest of the arguments, and what makes an empty rest.
_REST: dict[object, Callable[[], object]] = {
    inspect.Parameter.VAR_POSITIONAL: list,
    inspect.Parameter.VAR_KEYWORD: dict,
}

#: No parameter is recorded with more JSON than this (bytes).
_MAX_RECORDED = 65_536


class Shape:
    """What can be passed to a function, prepared so that an ordinary call is checked quickly.

    Args:
        function: the function.
    """

    __slots__ = (
        "_after",
        "_fields",
        "_function",
        "_required",
        "_simple",
        "_validator",
        "maximum",
        "minimum",
        "positional",
        "signature",
        "variadic",
    )

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function
        self.signature = inspect.signature(function)
        parameters = self.signature.parameters.values()
        positional = [p for p in parameters if p.kind in _POSITIONAL]
        keyword_only = [p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
        #: The names of the parameters that arguments without a name go to, in order.
        self.positional = tuple(p.name for p in positional)
        #: The name of the parameter that takes the rest of them (`*args`), if there is one.
        self.variadic = next(
            (p.name for p in parameters if p.kind is inspect.Parameter.VAR_POSITIONAL), None
        )
        self.maximum = len(positional)
        needed = [p.name for p in keyword_only if p.default is _EMPTY]
        self.minimum = sum(p.default is _EMPTY for p in positional) if not needed else sys.maxsize
        # Calls of functions with `/`, `*args` or `**kwargs` are left to `inspect`.
        self._simple = len(positional) + len(keyword_only) == len(parameters) and not any(
            p.kind is inspect.Parameter.POSITIONAL_ONLY for p in positional
        )
        names = frozenset(p.name for p in keyword_only)
        # By the number of arguments without a name: the names still open, and those needed.
        self._after = [names | set(self.positional[n:]) for n in range(self.maximum + 1)]
        self._required = [
            frozenset(needed) | {p.name for p in positional[n:] if p.default is _EMPTY}
            for n in range(self.maximum + 1)
        ]
        self._fields = [p.name for p in parameters if _is_field(p.default)]
        self._validator: Validator | None = None

    def check(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
        """Make sure that a call with these arguments is possible.

        Raises:
            ParameterBindError: it is not; the message names what is wrong.
        """
        count = len(args)
        if not kwargs:
            if self.minimum <= count <= self.maximum:
                return
        elif self._simple and count <= self.maximum:
            given = kwargs.keys()
            if given <= self._after[count] and self._required[count] <= given:
                return
        self._bind(args, kwargs)

    def bind(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, object]:
        """The call's arguments by parameter name, with defaults for those not given.

        Raises:
            ParameterBindError: a call with these arguments is not possible.
        """
        bound = self._bind(args, kwargs)
        bound.apply_defaults()
        values = dict(bound.arguments)
        for name in self._fields:
            if _is_field(values[name]):
                values[name] = self._default_of(name)
        return values

    def fill(self, values: Mapping[str, object]) -> dict[str, object]:
        """The arguments given by name, with defaults for those that are not given and have one.

        Raises:
            SignatureMismatchError: the function has no parameter of a name given.
        """
        parameters = self.signature.parameters
        unknown = [name for name in values if name not in parameters]
        if unknown:
            raise SignatureMismatchError.from_bad_params(list(parameters), list(values))
        filled: dict[str, object] = {}
        for name, parameter in parameters.items():
            if name in values:
                filled[name] = values[name]
            elif name in self._fields:
                filled[name] = self._default_of(name)
            elif parameter.kind in _REST:
                filled[name] = _REST[parameter.kind]()
            elif parameter.default is not _EMPTY:
                filled[name] = parameter.default
        return filled

    def unbind(self, values: Mapping[str, object]) -> tuple[tuple[object, ...], dict[str, object]]:
        """The arguments of a call that gives the parameters these values: `bind` the other way.

        Some may have none; what is no parameter goes along by its name.
        """
        parameters = self.signature.parameters
        args: list[object] = []
        kwargs = {name: value for name, value in values.items() if name not in parameters}
        in_line = True  # behind a parameter without a value, others cannot be told by place
        for name, parameter in parameters.items():
            if name not in values:
                in_line = False
                continue
            value = values[name]
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                args.extend(typing.cast("tuple[object, ...]", value))
            elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
                kwargs.update(typing.cast("dict[str, object]", value))
            elif in_line and parameter.kind in _POSITIONAL:
                args.append(value)
            else:
                kwargs[name] = value
        return tuple(args), kwargs

    def validate(self, values: Mapping[str, object]) -> dict[str, object]:
        """The arguments as the annotations want them: `"5"` for an `int` becomes `5`.

        Raises:
            ParameterTypeError: some do not fit; the message names each.
        """
        return self._its_validator().validate(values)

    def problems(self, values: Mapping[str, object]) -> list[str]:
        """What `validate` would say of these arguments, of which some may be left out."""
        return self._its_validator().problems(values)

    def _its_validator(self) -> Validator:
        if self._validator is None:
            from headrace.validation import Validator  # tasks do without

            self._validator = Validator(self._function, self.signature, self._fields)
        return self._validator

    def _default_of(self, name: str) -> object:
        """The default that a parameter's pydantic `Field(...)` stands for."""
        field: Any = self.signature.parameters[name].default
        if field.is_required():
            error = TypeError(f"missing a required argument: '{name}'")
            raise ParameterBindError.from_bind_failure(self._function, error, (), {})
        return field.get_default(call_default_factory=True)

    def _bind(
        self, args: tuple[object, ...], kwargs: Mapping[str, object]
    ) -> inspect.BoundArguments:
        try:
            return self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise ParameterBindError.from_bind_failure(
                self._function, error, args, kwargs
            ) from None


def _is_field(default: object) -> bool:
    """Whether a parameter's default is a pydantic `Field(...)`, which stands for the default."""
    return type(default).__module__ == "pydantic.fields"


# --- recording and sending -------------------------------------------------------------------


def recorded(values: Mapping[str, object]) -> dict[str, msgspec.Raw]:
    """The arguments as JSON for the ledger, each as it is now: to be looked at, not to be used.

    A `Decimal` is a number, a `timedelta` its seconds. What has no JSON form is described by text,
    and so is what is longer than 64 KiB.
    """
    return {name: _encode(value, _Readable) for name, value in values.items()}


def readable(values: Mapping[str, object]) -> dict[str, Any]:
    """The same as `recorded`, as plain values that JSON can be made of."""
    return _decoded(recorded(values))


def sent(values: Mapping[str, object]) -> dict[str, Any]:
    """The arguments as plain values that JSON can be made of, for a run that is to use them.

    They are as exact as JSON allows: a `Decimal` is text, and a `timedelta` as ISO 8601 has it.
    What has no JSON form is described by text. The service refuses what is too long.
    """
    return _decoded({name: _encode(value, _Exact) for name, value in values.items()})


def _decoded(values: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(values))
    return found


class _TooLargeError(Exception):
    """A value has more items than can be recorded."""


class _Exact:
    """What JSON is made of in place of a value: the same, with text in the places of bytes."""

    #: Bytes of JSON at most.
    most: ClassVar[float] = math.inf

    def __init__(self) -> None:
        #: How many items may follow: each takes two bytes at least, itself and a comma.
        self._left = self.most / 2

    def of(self, value: Any) -> Any:
        """The value to encode.

        Raises:
            _TooLargeError: it and what it holds have too many items in all.
        """
        kind = type(value)
        if kind is bytes:
            return _text(value)
        if kind in PLAIN:
            return value
        if kind is dict:
            self._count(value)
            return {key: self.of(item) for key, item in value.items()}
        if kind in (list, tuple, set, frozenset, deque):
            self._count(value)
            return [self.of(item) for item in value]
        return self.single(value)

    def single(self, value: Any) -> Any:
        """The value to encode for one that is no container."""
        return value

    def _count(self, container: Sized) -> None:
        self._left -= len(container)
        if self._left < 0:
            raise _TooLargeError


class _Readable(_Exact):
    """The same, with numbers and text in place of what JSON would have in forms of its own."""

    most = _MAX_RECORDED

    def single(self, value: Any) -> Any:
        if isinstance(value, datetime.datetime):
            return value.isoformat()
        if isinstance(value, datetime.timedelta):
            return value.total_seconds()
        # A larger one would take long to write out, and JSON's readers would round it anyway.
        if isinstance(value, decimal.Decimal) and value.is_finite() and value.adjusted() <= 15:
            return float(value) if value.as_tuple().exponent < 0 else int(value)  # type: ignore[operator]
        return value


def _text(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value  # which JSON has in base 64


def _plain(value: Any) -> object:
    """Something with a JSON form in place of a value that has none."""
    if hasattr(type(value), "model_dump"):  # pydantic's models
        try:
            return value.model_dump(mode="json", fallback=shown)
        except ValueError:  # it has bytes that are no text
            return value.model_dump()
    return os.fspath(value) if isinstance(value, os.PathLike) else shown(value)


def _encode(value: object, form: type[_Exact]) -> msgspec.Raw:
    try:
        encoded = msgspec.json.encode(form().of(value), enc_hook=_plain)
    except Exception:  # too many items, cycles, keys that are no text, lone surrogates …
        encoded = b""
    if not encoded or len(encoded) > form.most:
        text = clean(shown(value))
        encoded = msgspec.json.encode(text)
    return msgspec.Raw(encoded)
