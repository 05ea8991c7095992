"""Validating a call's arguments against the annotations of the function's parameters.

What an argument has to be, and what it is converted to, is pydantic's to say: `"5"` becomes 5 for
an `int`. But pydantic is slow to load, and most arguments are plain values that fit already. So
each is first looked at by a quick check, which knows the builtin types and says yes only where
pydantic would let the value pass unchanged; pydantic is loaded for the first one that does not.
"""

from __future__ import annotations

import datetime
import decimal
import functools
import inspect
import threading
import types
import typing
import uuid
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.exceptions import ParameterTypeError

#: What a quick check returns for a value that it leaves to pydantic.
_MISS: Any = object()

Check = Callable[[Any], Any]

_EXACT: frozenset[Any] = frozenset(
    {
        str,
        int,
        bool,
        bytes,
        type(None),
        datetime.datetime,
        datetime.date,
        datetime.time,
        datetime.timedelta,
        decimal.Decimal,
        uuid.UUID,
    }
)
_SCALARS: frozenset[Any] = frozenset({str, int, float, bool, type(None)})


class Validator:
    """Checks and converts the arguments of a function's calls.

    Args:
        function: the function, whose annotations are looked at once, here.
        signature: its signature.
        fields: the parameters whose default is a pydantic `Field(...)`.
    """

    __slots__ = ("_rules",)

    def __init__(
        self,
        function: Callable[..., object],
        signature: inspect.Signature,
        fields: Collection[str] = (),
    ) -> None:
        self._rules: dict[str, _Rule] = {}
        try:
            hints = typing.get_type_hints(inspect.unwrap(function), include_extras=True)
        except Exception:  # an annotation names what exists only for a type checker
            hints = {}
        for name, parameter in signature.parameters.items():
            if parameter.kind in (
                inspect.Parameter.VAR_POSITIONAL,
                inspect.Parameter.VAR_KEYWORD,
            ):
                continue
            annotation = hints.get(name, Any)
            if name in fields:
                # `n: int = Field(default=2, gt=0)`: the constraints stand in the default.
                field: Any = parameter.default
                self._rules[name] = _Rule(typing.Annotated[annotation, field])
            elif not (annotation in (Any, object) or isinstance(annotation, typing.TypeVar)):
                self._rules[name] = _Rule(annotation)

    def validate(self, values: Mapping[str, object]) -> dict[str, object]:
        """The arguments as the annotations want them.

        Raises:
            ParameterTypeError: some do not fit; the message names each, and says why.
        """
        valid = dict(values)
        problems: list[str] = []
        for name, rule in self._rules.items():
            value = values.get(name, _MISS)
            if value is _MISS:
                problems.append(f"{name}: Field required")
                continue
            quick = rule.check(value)
            valid[name] = rule.convert(name, value, problems) if quick is _MISS else quick
        if problems:
            raise ParameterTypeError(
                "Flow run received invalid parameters:\n - " + "\n - ".join(problems)
            )
        return valid

    def problems(self, values: Mapping[str, object]) -> list[str]:
        """What does not fit of some of the arguments: the name of each, and why."""
        found: list[str] = []
        for name, rule in self._rules.items():
            if name in values and rule.check(values[name]) is _MISS:
                rule.convert(name, values[name], found)
        return found


class _Rule:
    """What the values of one parameter are held to."""

    def __init__(self, annotation: Any) -> None:
        self.annotation = annotation
        self.check = _quick_check(annotation)

    def convert(self, name: str, value: object, problems: list[str]) -> object:
        """`value` as pydantic converts it; what is wrong with it is added to `problems`."""
        import pydantic

        if self._adapter is None:
            return _converted_without_pydantic(self.annotation, name, value, problems)
        try:
            (converted,) = self._adapter.validate_python((value,))
            return converted
        except pydantic.ValidationError as error:
            for found in error.errors(include_url=False, include_context=False):
                path = ".".join(str(part) for part in (name, *found["loc"][1:]))
                problems.append(f"{path}: {found['msg']}")
            return value

    @functools.cached_property
    def _adapter(self) -> Any:
        """What pydantic makes of the annotation; None if it can make nothing of it.

        Of a tuple with one such item, since some types by themselves take no configuration: that
        of dataclasses refuses fields that they do not have.
        """
        import pydantic

        config: pydantic.ConfigDict = {"arbitrary_types_allowed": True, "extra": "forbid"}
        alone: Any = types.GenericAlias(tuple, (self.annotation,))
        try:
            return pydantic.TypeAdapter(alone, config=config)
        except pydantic.PydanticUserError:
            return None


#: Held while msgspec reads a user's type: two threads that do so first end the process.
_putting_together = threading.Lock()


def _converted_without_pydantic(
    annotation: Any, name: str, value: object, problems: list[str]
) -> object:
    """What msgspec makes of a value where pydantic knows no way: a `TypedDict` of Python 3.11, say.

    A value of a type that neither knows passes as it is.
    """
    try:
        with _putting_together:
            return msgspec.convert(value, annotation, strict=False)
    except msgspec.ValidationError as error:
        problems.append(f"{name}: {error}")
    except Exception:  # msgspec knows no such type, either
        return value
    return value


# --- quick checks ------------------------------------------------------------------------------


def _quick_check(annotation: Any) -> Check:
    """What tells fast that a value fits `annotation`."""
    origin = typing.get_origin(annotation)
    if annotation in _EXACT:
        return lambda value: value if type(value) is annotation else _MISS
    if annotation is float:
        return lambda value: float(value) if type(value) in (float, int) else _MISS
    if origin in (typing.Union, types.UnionType):
        return _union_check(typing.get_args(annotation))
    if origin is typing.Literal:
        choices = {(type(choice), choice) for choice in typing.get_args(annotation)}
        return lambda value: value if _is_among(value, choices) else _MISS
    if annotation in (list, dict, set):  # pydantic hands on a copy, too
        return lambda value: annotation(value) if type(value) is annotation else _MISS
    if _is_json(annotation):
        return functools.partial(_fit, annotation)
    if isinstance(annotation, type) and origin is None:
        return _instance_check(annotation)
    return lambda value: _MISS


def _is_among(value: object, choices: set[tuple[type, Any]]) -> bool:
    try:
        return (type(value), value) in choices
    except TypeError:  # it has no hash
        return False


def _union_check(arms: tuple[Any, ...]) -> Check:
    """The check of the arm whose type the value has: not of one that would convert it."""
    checks: dict[type, Check] = {}
    for arm in arms:
        kind = typing.get_origin(arm) or arm
        if not isinstance(kind, type) or kind in checks:
            return lambda value: _MISS
        checks[kind] = _quick_check(arm)

    def check(value: Any) -> Any:
        own = checks.get(type(value))
        return _MISS if own is None else own(value)

    return check


def _instance_check(kind: type) -> Check:
    """Objects of a class are taken as they are: models, dataclasses, enums, classes of any kind."""
    if issubclass(kind, tuple) or typing.is_typeddict(kind) or getattr(kind, "_is_protocol", False):
        return lambda value: _MISS  # their items have annotations, too
    if issubclass(kind, Path):
        return lambda value: value if isinstance(value, kind) else _MISS
    return lambda value: value if type(value) is kind else _MISS


def _fit(annotation: Any, value: object) -> Any:
    try:
        return msgspec.convert(value, annotation, strict=True)
    except msgspec.ValidationError:
        return _MISS


def _is_json(annotation: Any) -> bool:
    """Whether it is a container of plain values, which msgspec checks as strictly as we need."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return len(parts) == 2 and type(None) in parts and all(map(_is_json, parts))
    if origin in (list, set, dict, tuple):
        return all(part is Ellipsis or _is_json(part) for part in parts)
    return annotation in _SCALARS
