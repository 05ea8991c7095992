"""Results as bytes, and back."""

from __future__ import annotations

import datetime
import decimal
import enum
import io
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic
import pytest

from headrace.serializers import (
    CompressedJSONSerializer,
    CompressedPickleSerializer,
    CompressedSerializer,
    JSONSerializer,
    PickleSerializer,
    Serializer,
    resolve_serializer,
)


class Colour(enum.Enum):
    RED = "red"


class Model(pydantic.BaseModel):
    at: datetime.datetime
    n: int = 0


@dataclass
class Point:
    x: int
    y: float


NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)
PLAIN = [None, True, 1, 1.5, "tëxt", [1, [2]], {"a": {"b": None}}]
RICH = [
    NOW,
    NOW.date(),
    datetime.timedelta(hours=1, microseconds=5),
    uuid.UUID(int=7),
    Path("a/b"),
    decimal.Decimal("1.10"),
    {1, 2},
    b"bytes",
    Colour.RED,
    Model(at=NOW, n=3),
    Point(1, 2.5),
    {"nested": [Model(at=NOW), {"p": Path("x")}]},
]


@pytest.mark.parametrize("name", ["pickle", "json", "compressed/pickle", "compressed/json"])
@pytest.mark.parametrize("value", [*PLAIN, *RICH], ids=repr)
def test_what_is_written_is_read_back(name: str, value: object) -> None:
    serializer = Serializer(type=name)
    blob = serializer.dumps(value)
    assert isinstance(blob, bytes)
    again = serializer.loads(blob)
    assert again == value
    assert type(again) is type(value)


def test_a_name_makes_the_serializer() -> None:
    assert Serializer(type="json") == JSONSerializer()
    assert isinstance(resolve_serializer("compressed/pickle"), CompressedPickleSerializer)
    assert resolve_serializer(PickleSerializer()) == PickleSerializer()
    assert repr(PickleSerializer()) == (
        "PickleSerializer(type='pickle', picklelib='cloudpickle', picklelib_version=None)"
    )


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"'jason'; there are .*json"):
        Serializer(type="jason")
    number: Any = 3
    with pytest.raises(TypeError, match="Got unsupported type 'int'"):
        resolve_serializer(number)


def test_options_go_with_a_serializer_into_its_description_and_back() -> None:
    serializer = CompressedSerializer.model_validate(
        {"serializer": "json", "compressionlib": "bz2"}
    )
    assert serializer == Serializer(**serializer.model_dump())
    assert serializer.loads(serializer.dumps([1])) == [1]
    assert CompressedJSONSerializer().serializer == JSONSerializer()


def test_a_serializer_of_ones_own_is_found_by_its_type() -> None:
    class Reversed(Serializer[str]):
        type: str = pydantic.Field(default="reversed", frozen=True)

        def dumps(self, obj: str) -> bytes:
            return obj[::-1].encode()

        def loads(self, blob: bytes) -> str:
            return blob.decode()[::-1]

    assert isinstance(Serializer(type="reversed"), Reversed)
    assert Reversed().dumps("abc") == b"cba"


def test_json_keeps_exceptions() -> None:
    serializer = JSONSerializer()
    error = serializer.loads(serializer.dumps(ValueError("no")))
    assert (type(error), error.args) == (ValueError, ("no",))
    with pytest.raises(ValueError, match=r"Invalid exception type: 'os\.path'"):
        serializer.loads(b'{"__exc_type__": "os.path", "message": ""}')


def test_json_leaves_streams_unread_and_unknown_classes_as_they_are() -> None:
    serializer = JSONSerializer()
    stream = io.StringIO("content")
    assert b"content was not read" in serializer.dumps(stream)
    assert stream.read() == "content"
    marked = {"__class__": "no.such.Class", "data": 1}
    assert serializer.loads(serializer.dumps(marked)) == marked


def test_what_json_cannot_write_is_an_error() -> None:
    with pytest.raises(ValueError, match="Unable to serialize unknown type"):
        JSONSerializer().dumps(object())
    assert JSONSerializer(dumps_kwargs={"sort_keys": True}).dumps({"b": 1, "a": 2}) == (
        b'{"a": 2, "b": 1}'
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PickleSerializer(picklelib="nopickle"), "Failed to import requested pickle"),
        (lambda: PickleSerializer(picklelib="math"), "does not have a 'dumps' method"),
        (lambda: CompressedJSONSerializer(compressionlib="math"), "have a 'compress' method"),
        (lambda: JSONSerializer(dumps_kwargs={"default": str}), "Use `object_encoder` instead"),
        (lambda: JSONSerializer(loads_kwargs={"object_hook": 1}), "`object_decoder` instead"),
        (lambda: JSONSerializer.model_validate({"nonsense": 1}), "nonsense"),
    ],
)
def test_options_that_cannot_be_used(make: Any, message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        make()
