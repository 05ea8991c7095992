"""The parameters of a flow's or task's function: binding a call's arguments, and validating them.

Looking at a function costs hundreds of microseconds, so that it is done once, at its first call.
"""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.exceptions import ParameterBindError, ParameterTypeError
from headrace.text import describe

_EMPTY = inspect.Parameter.empty
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)

#: No parameter is recorded with more JSON than this (bytes).
_MAX_RECORDED = 65_536

Converter = Callable[[Any], Any]


class Shape:
    """What can be passed to a function, prepared so that an ordinary call is checked quickly.

    Args:
        function: the function.
        title: what messages call it, such as "task 'fetch'".
    """

    __slots__ = (
        "_after",
        "_converters",
        "_function",
        "_required",
        "_simple",
        "_title",
        "maximum",
        "minimum",
        "positional",
        "signature",
        "variadic",
    )

    def __init__(self, function: Callable[..., object], title: str) -> None:
        self._function = function
        self._title = title
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
        self._converters: dict[str, Converter] | None = None

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
        return dict(bound.arguments)

    def unbind(self, values: Mapping[str, object]) -> tuple[tuple[object, ...], dict[str, object]]:
        """The arguments of a call that gives each parameter its value: `bind` the other way."""
        args: list[object] = []
        kwargs: dict[str, object] = {}
        for name, parameter in self.signature.parameters.items():
            value = values[name]
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                args.extend(typing.cast("tuple[object, ...]", value))
            elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
                kwargs.update(typing.cast("dict[str, object]", value))
            elif parameter.kind in _POSITIONAL:
                args.append(value)
            else:
                kwargs[name] = value
        return tuple(args), kwargs

    def validate(self, values: Mapping[str, object]) -> dict[str, object]:
        """The arguments as the annotations want them: `"5"` for an `int` becomes `5`.

        Raises:
            ParameterTypeError: one does not fit; the message names the parameter.
        """
        if self._converters is None:
            self._converters = _make_converters(self._function, self.signature)
        valid = dict(values)
        for name, convert in self._converters.items():
            try:
                valid[name] = convert(values[name])
            except Exception as error:  # msgspec's, pydantic's, or of a user's own validator
                raise ParameterTypeError(
                    f"{self._title}: parameter '{name}' cannot be {_shorten(values[name])}: "
                    f"{describe(error)}; pass a value that fits its annotation, "
                    "or switch the check off with validate_parameters=False"
                ) from error
        return valid

    def _bind(
        self, args: tuple[object, ...], kwargs: Mapping[str, object]
    ) -> inspect.BoundArguments:
        try:
            return self.signature.bind(*args, **kwargs)
        except TypeError as error:
            name = getattr(self._function, "__name__", type(self._function).__name__)
            raise ParameterBindError(
                f"Error binding parameters for function '{name}': {error}.\n"
                f"Function '{name}' has signature '{str(self.signature).strip('()')}' "
                f"but received args: {_shorten(args)} and kwargs: {list(kwargs)}."
            ) from None


def _shorten(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # a user's __repr__ may raise anything
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 80 else text[:79] + "…"


# --- validation ------------------------------------------------------------------------------


def _make_converters(
    function: Callable[..., object], signature: inspect.Signature
) -> dict[str, Converter]:
    """By parameter name, what checks and converts its values; nothing for those that take any."""
    try:
        hints = typing.get_type_hints(inspect.unwrap(function), include_extras=True)
    except Exception:  # an annotation names what exists only for a type checker
        return {}
    converters: dict[str, Converter] = {}
    for name, parameter in signature.parameters.items():
        if parameter.kind in (
            inspect.Parameter.VAR_POSITIONAL,
            inspect.Parameter.VAR_KEYWORD,
        ):
            continue
        converter = _converter(hints.get(name, Any), parameter.default)
        if converter is not None:
            converters[name] = converter
    return converters


def _converter(annotation: Any, default: object) -> Converter | None:
    if _is_pydantic(annotation) or _is_pydantic(type(default)):
        return _pydantic_converter(annotation, default)
    if annotation in (Any, object) or isinstance(annotation, typing.TypeVar):
        return None
    convert = _msgspec_converter(annotation)
    if default is None and convert is not None:
        # `n: int = None` is common, and calls itself optional that way.
        return lambda value: None if value is None else convert(value)
    return convert


def _msgspec_converter(annotation: Any) -> Converter | None:
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return _union_converter(typing.get_args(annotation))
    # Text in their place is meant for them as it is; msgspec knows no paths, and takes text for
    # bytes in base64.
    if isinstance(annotation, type) and issubclass(annotation, Path):
        return lambda value: annotation(value) if isinstance(value, str) else _whole(value, Path)
    if annotation is bytes:
        return lambda value: value.encode() if isinstance(value, str) else _whole(value, bytes)
    try:
        # A value of the wrong type shows whether msgspec knows the annotation at all.
        msgspec.convert(_Nothing(), annotation, strict=False)
    except msgspec.ValidationError:
        pass
    except Exception:  # TypeError of msgspec, or of isinstance(): nothing that can be checked
        return None
    else:
        return None

    def convert(value: Any) -> Any:
        return msgspec.convert(value, annotation, strict=False)

    return convert


class _Nothing:
    """Fits no annotation."""


def _whole(value: Any, kind: type) -> Any:
    if isinstance(value, kind):
        return value
    raise TypeError(f"Expected `{kind.__name__}`, got `{type(value).__name__}`")


def _union_converter(arms: tuple[Any, ...]) -> Converter | None:
    """Values that are of an arm's type already stay; others become the first that they fit."""
    converters = [(arm, None if arm is type(None) else _msgspec_converter(arm)) for arm in arms]
    if any(convert is None and arm is not type(None) for arm, convert in converters):
        return None  # one of the arms takes anything

    def convert(value: Any) -> Any:
        if value is None and type(None) in arms:
            return None
        errors = []
        own = [arm for arm in converters if (typing.get_origin(arm[0]) or arm[0]) is type(value)]
        for arm, attempt in [*own, *converters]:
            if arm is type(value):
                return value
            try:
                if attempt is not None:
                    return attempt(value)
            except Exception as error:  # whatever the arm's own validation raises
                errors.append(describe(error))
        raise TypeError("; ".join(dict.fromkeys(errors)))

    return convert


# --- pydantic, where the user's annotations bring it ------------------------------------------


def _is_pydantic(annotation: Any) -> bool:
    """Whether pydantic has a part in `annotation`."""
    if "pydantic" not in sys.modules:
        return False
    if any(_is_pydantic(part) for part in typing.get_args(annotation)):
        return True
    kinds = annotation.__mro__ if isinstance(annotation, type) else type(annotation).__mro__
    return any(kind.__module__.partition(".")[0].startswith("pydantic") for kind in kinds)


def _pydantic_converter(annotation: Any, default: object) -> Converter:
    pydantic = sys.modules["pydantic"]
    if _is_pydantic(type(default)):
        # `n: int = Field(default=2, gt=0)`: the constraints stand in the default.
        field: Any = default
        adapter = pydantic.TypeAdapter(typing.Annotated[annotation, field])

        def convert(value: Any) -> Any:
            if value is field:
                value = field.get_default(call_default_factory=True)
            return adapter.validate_python(value)

        return convert
    return typing.cast(Converter, pydantic.TypeAdapter(annotation).validate_python)


# --- recording -------------------------------------------------------------------------------


def recorded(values: Mapping[str, object]) -> dict[str, msgspec.Raw]:
    """The arguments as JSON for the ledger, each as it is now.

    What has no JSON form is described by text, and so is what is longer than 64 KiB.
    """
    return {name: _encode(value) for name, value in values.items()}


def _plain(value: Any) -> object:
    """Something with a JSON form in place of a value that has none."""
    if _is_pydantic(type(value)):
        if hasattr(value, "model_dump"):
            return value.model_dump()
        if hasattr(value, "get_default"):  # a Field() that stands for the default
            return value.get_default(call_default_factory=True)
    return _shorten(value)


def _encode(value: object) -> msgspec.Raw:
    try:
        encoded = msgspec.json.encode(value, enc_hook=_plain)
    except Exception:  # cycles, keys that are no text, a user's __repr__, lone surrogates
        encoded = b""
    if not encoded or len(encoded) > _MAX_RECORDED:
        text = _shorten(value).encode("utf-8", "replace").decode()
        encoded = msgspec.json.encode(text)
    return msgspec.Raw(encoded)
