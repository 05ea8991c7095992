"""Binding and validating the arguments of calls."""

from __future__ import annotations

import datetime
import decimal
import enum
import os
import subprocess
import sys
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import msgspec
import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from headrace.exceptions import (
    ParameterBindError,
    ParameterTypeError,
    SignatureMismatchError,
)
from headrace.parameters import Shape, readable, recorded, sent

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    y: int


class Options(TypedDict):
    deep: bool


class Bill(BaseModel):
    raw: bytes
    price: decimal.Decimal


class Custom:
    pass


def shape_of(function: Callable[..., object]) -> Shape:
    return Shape(function)


def plain(a: Any, b: Any = 2) -> None: ...
def starred(a: Any, *rest: Any, key: Any = 1, **more: Any) -> None: ...
def keyword(a: Any, *, key: Any) -> None: ...
def positional(a: Any, /, b: Any = 2) -> None: ...


@pytest.mark.parametrize(
    ("function", "args", "kwargs"),
    [
        (plain, (1,), {}),
        (plain, (1, 2), {}),
        (plain, (1,), {"b": 3}),
        (plain, (), {"a": 1}),
        (starred, (1, 2, 3), {"key": 4, "other": 5}),
        (starred, (), {"a": 1}),
        (keyword, (1,), {"key": 2}),
        (keyword, (), {"a": 1, "key": 2}),
        (positional, (1,), {"b": 2}),
    ],
)
def test_calls_that_python_takes(
    function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
) -> None:
    shape = shape_of(function)
    shape.check(args, kwargs)
    again = shape.unbind(shape.bind(args, kwargs))
    assert shape.bind(*again) == shape.bind(args, kwargs)


@pytest.mark.parametrize(
    ("function", "args", "kwargs", "problem"),
    [
        (plain, (), {}, "missing a required argument: 'a'"),
        (plain, (1, 2, 3), {}, "too many positional arguments"),
        (plain, (1,), {"a": 1}, "multiple values for argument 'a'"),
        (plain, (1,), {"c": 1}, "unexpected keyword argument 'c'"),
        (plain, (), {"b": 1}, "missing a required argument: 'a'"),
        (keyword, (1,), {}, "missing a required"),
        (keyword, (1, 2), {}, "too many positional"),
        (positional, (), {"a": 1}, "'a'"),
    ],
)
def test_calls_that_python_refuses(
    function: Callable[..., object],
    args: tuple[object, ...],
    kwargs: dict[str, object],
    problem: str,
) -> None:
    shape = shape_of(function)
    for check in (shape.check, shape.bind):
        with pytest.raises(ParameterBindError, match=problem) as caught:
            check(args, kwargs)
        name = function.__name__
        assert f"Function '{name}' has signature 'a: 'Any'" in str(caught.value)
        assert isinstance(caught.value, TypeError)


def validate(annotation: Any, value: object, default: object = ...) -> object:
    def function(value: Any) -> None: ...

    function.__annotations__["value"] = annotation
    if default is not ...:
        function.__defaults__ = (default,)
    return shape_of(function).validate({"value": value})["value"]


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (int, "5", 5),
        (float, 3, 3.0),
        (bool, "true", True),
        (str, "x", "x"),
        (list[int], ["1", 2], [1, 2]),
        (tuple[int, ...], [1], (1,)),
        (dict[str, int], {"a": "1"}, {"a": 1}),
        (set[int], [1, 1], {1}),
        (int | None, None, None),
        (int | None, "4", 4),
        (int | str, "4", "4"),
        (list[int] | set[int], {1}, {1}),
        (Point | int, {"x": 1, "y": "2"}, Point(1, 2)),
        (Point | int, "7", 7),
        (Literal["a", "b"], "a", "a"),
        (Colour, "red", Colour.RED),
        (Point, {"x": 1, "y": 2}, Point(1, 2)),
        (list[Point], [{"x": 1, "y": 2}], [Point(1, 2)]),
        (Options, {"deep": True}, {"deep": True}),
        (datetime.date, "2026-02-01", datetime.date(2026, 2, 1)),
        (datetime.timedelta, "P1D", datetime.timedelta(days=1)),
        (UUID, "01a20757-767e-725a-98bf-316aadbd2d59", UUID("01a20757767e725a98bf316aadbd2d59")),
        (Path, "a/b", Path("a/b")),
        (Path | None, "a/b", Path("a/b")),
        (Path, Path("a"), Path("a")),
        (Annotated[int, Field(gt=1)], "2", 2),
        (bytes, b"x", b"x"),
        (bytes, "text", b"text"),
    ],
)
def test_values_that_fit_or_can_be_converted(
    annotation: Any, value: object, expected: object
) -> None:
    result = validate(annotation, value)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, "many"),
        (int, 5.5),
        (int, None),
        (str, 5),
        (list[int], "abc"),
        (list[int], ["x"]),
        (int | list[int], "x"),
        (Point, {"x": 1}),
        (Custom, 3),
        (Custom | int, "x"),
        (Path, 3),
        (Literal["a"], "b"),
        (Annotated[int, Field(gt=1)], 1),
        (bytes, 3),
    ],
)
def test_values_that_do_not_fit(annotation: Any, value: object) -> None:
    with pytest.raises(
        ParameterTypeError, match=r"received invalid parameters:\n - value"
    ) as caught:
        validate(annotation, value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Any, object()),
        (object, 3),
        (T, [1]),
        (Custom, Custom()),
        (Custom | int, Custom()),
        (Callable[[int], int], len),
        (Iterator[int], iter([1])),
        (Point, Point(1, 2)),
        ("NotDefinedAnywhere", 3),
    ],
)
def test_values_that_pass_as_the_same_object(annotation: Any, value: object) -> None:
    assert validate(annotation, value) is value


class Model(BaseModel):
    size: int = 1


def test_every_parameter_that_does_not_fit_is_named() -> None:
    def function(a: int, b: Model, c: str) -> None: ...

    with pytest.raises(ParameterTypeError) as caught:
        shape_of(function).validate({"a": "x", "b": {"size": "y"}, "c": 3})
    assert str(caught.value) == (
        "Flow run received invalid parameters:\n"
        " - a: Input should be a valid integer, unable to parse string as an integer\n"
        " - b.size: Input should be a valid integer, unable to parse string as an integer\n"
        " - c: Input should be a valid string"
    )


def test_the_constraints_of_a_field_are_enforced() -> None:
    positive: Any = Field(default=2, gt=0)
    fresh: Any = Field(default_factory=list)

    def function(n: int = positive, m: list[int] = fresh) -> None: ...

    shape = shape_of(function)
    assert shape.bind((), {}) == {"n": 2, "m": []}
    assert shape.validate(shape.bind(("3",), {})) == {"n": 3, "m": []}
    with pytest.raises(ParameterTypeError, match="n: Input should be greater than 0"):
        shape.validate(shape.bind((-1,), {}))


def test_parameters_by_name_are_filled_up_with_defaults() -> None:
    shape = shape_of(plain)
    assert shape.fill({"a": 1}) == {"a": 1, "b": 2}
    assert Shape(lambda *args, **options: None).fill({}) == {"args": [], "options": {}}
    with pytest.raises(SignatureMismatchError, match=r"\['a', 'b'\] but was .* \['a', 'z'\]"):
        shape.fill({"a": 1, "z": 2})
    with pytest.raises(ParameterTypeError, match="value: Field required"):
        shape_of(needy).validate({})


def needy(value: int) -> None: ...


def test_plain_values_are_checked_without_pydantic() -> None:
    program = """
import datetime, sys
from headrace.parameters import Shape
def f(a: int, b: list[str], c: dict[str, float] | None, d: datetime.date, e: "bool" = True): ...
shape = Shape(f)
given = (1, ["x"], {"y": 2.5}, datetime.date(2026, 2, 1))
assert shape.validate(shape.bind(given, {}))["c"] == {"y": 2.5}
assert "pydantic" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_default_of_none_does_not_make_a_parameter_optional() -> None:
    with pytest.raises(ParameterTypeError, match="value: Input should be a valid integer"):
        validate(int, None, default=None)


def test_arguments_are_recorded_as_they_are_now() -> None:
    values = [1]
    parameters = recorded({"values": values})
    values.append(2)
    assert msgspec.json.encode(parameters) == b'{"values":[1]}'


@pytest.mark.parametrize(
    "value", [object(), {(1, 2): 3}, ["\ud800"], "x" * 100_000, {"deep": {1, Custom}}]
)
def test_what_has_no_short_json_form_is_described(value: object) -> None:
    (raw,) = recorded({"v": value}).values()
    assert len(bytes(raw)) < 1000
    msgspec.json.decode(raw)


def test_cycles_are_recorded_somehow() -> None:
    cycle: list[object] = []
    cycle.append(cycle)
    assert bytes(recorded({"v": cycle})["v"]) == b'"[[...]]"'


def test_a_call_of_parameters_of_which_some_have_no_value() -> None:
    def function(a: int, b: int = 2, *rest: int, c: int = 3) -> None: ...

    shape = Shape(function)
    assert shape.unbind({"a": 1}) == ((1,), {})
    assert shape.unbind({"b": 5, "c": 6}) == ((), {"b": 5, "c": 6})
    assert shape.unbind({"a": 1, "b": 2, "rest": (3, 4)}) == ((1, 2, 3, 4), {})
    assert shape.unbind({"a": 1, "unknown": 0}) == ((1,), {"unknown": 0})


class Rain(typing.TypedDict):
    """As `typing` has it, which pydantic refuses to know before Python 3.12."""

    year: int
    millimetres: float


def test_dicts_with_types_of_the_standard_library_are_checked() -> None:
    def report(rain: Rain, others: list[Rain]) -> None:
        """Takes them."""

    shape = shape_of(report)
    row = {"year": 1, "millimetres": 2.5}
    assert shape.validate({"rain": row, "others": [row]}) == {"rain": row, "others": [row]}
    with pytest.raises(ParameterTypeError, match="rain"):
        shape.validate({"rain": {"year": "last", "millimetres": 2.5}, "others": []})


def test_arguments_are_recorded_as_plain_numbers_and_text() -> None:
    class Model(BaseModel):
        path: Path
        price: decimal.Decimal

    given = {
        "path": Path("a/b"),
        "prices": [decimal.Decimal("1.10"), decimal.Decimal("7")],
        "time": datetime.timedelta(hours=1),
        "at": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
        "raw": b"raw",
        "model": Model(path=Path("m"), price=decimal.Decimal("2.50")),
        "bytes": {"other": b"\xff", "n": 1},
        "huge": [decimal.Decimal("1E+100000"), decimal.Decimal("1E+15")],
    }
    assert readable(given) == {
        "path": "a/b",
        "prices": [1.1, 7],
        "time": 3600.0,
        "at": "2020-01-01T00:00:00+00:00",
        "raw": "raw",
        "model": {"path": "m", "price": "2.50"},
        "bytes": {"other": "/w==", "n": 1},
        "huge": ["1E+100000", 10**15],
    }


def test_arguments_that_are_sent_arrive_as_they_were() -> None:
    def pay(
        amount: decimal.Decimal,
        wait: datetime.timedelta,
        path: Path,
        raw: bytes,
        others: dict[str, Any],
        bill: Bill,
    ) -> None:
        """Takes them."""

    given = {
        "amount": decimal.Decimal("0.12345678901234567890"),
        "wait": datetime.timedelta(days=-1, microseconds=1),
        "path": Path("a/b"),
        "raw": b"raw",
        "others": {"n": 1},
        "bill": Bill(raw=b"raw", price=decimal.Decimal("2.50")),
    }
    arrived = shape_of(pay).validate(sent(given))
    assert arrived == given
    assert str(arrived["amount"]) == "0.12345678901234567890"


def test_bytes_that_are_no_text_change_nothing_beside_them() -> None:
    bill = Bill(raw=b"\xff", price=decimal.Decimal("2.50"))
    assert sent({"a": {"raw": b"\xff", "n": 1}, "b": [bill]}) == {
        "a": {"raw": "/w==", "n": 1},
        "b": [{"raw": "/w==", "price": "2.50"}],
    }


def test_what_has_too_many_items_in_all_is_not_made_json_of() -> None:
    asked = []

    class Watched(os.PathLike[str]):
        def __fspath__(self) -> str:
            asked.append(self)
            return "path"

    recorded({"v": [Watched()]})
    assert len(asked) == 1
    recorded({"v": [Watched(), *([0] * 1000 for _ in range(40))]})
    assert len(asked) == 1
