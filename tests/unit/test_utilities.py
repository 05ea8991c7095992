"""What programs written for Prefect import from `utilities`."""

from __future__ import annotations

import collections
import dataclasses
from pathlib import Path
from typing import NamedTuple

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.exceptions import HashError, ParameterBindError, SignatureMismatchError
from headrace.utilities import collections as c
from headrace.utilities.annotations import opaque, quote, unmapped
from headrace.utilities.callables import (
    call_with_parameters,
    get_call_parameters,
    get_parameter_defaults,
    parameter_schema,
    parameters_to_args_kwargs,
)
from headrace.utilities.hashing import file_hash, hash_objects, stable_hash
from headrace.utilities.names import generate_slug, obfuscate

KEYS = st.text("abc", min_size=1, max_size=2)
LEVEL = st.dictionaries(KEYS, st.integers(), min_size=1, max_size=3)
NESTED = st.dictionaries(KEYS, st.integers() | LEVEL, max_size=3)


@given(NESTED)
def test_flattening_goes_both_ways(nested: dict[str, object]) -> None:
    assert c.flatdict_to_dict(c.dict_to_flatdict(nested)) == nested


@given(NESTED)
def test_merging_with_itself_changes_nothing(nested: dict[str, object]) -> None:
    assert c.deep_merge(nested, nested) == nested


def test_paths_into_dicts() -> None:
    nested: dict[str, object] = {"a": [{"b": 5}]}
    assert c.get_from_dict(nested, "a[0].b") == 5
    assert c.get_from_dict(nested, "a[1].b", default="none") == "none"
    c.set_in_dict(nested, "x.y", 1)
    assert nested["x"] == {"y": 1}
    with pytest.raises(TypeError, match="non-dict"):
        c.set_in_dict(nested, "a.b", 1)


def test_dicts_of_other_types_are_changed_and_keep_their_type() -> None:
    def next_one(value: object) -> object:
        return value + 1 if isinstance(value, int) else value

    lists: collections.defaultdict[str, object] = collections.defaultdict(list, {"a": 1})
    visited = c.visit_collection(lists, next_one, return_data=True)
    assert (visited, visited["b"]) == ({"a": 2, "b": []}, [])
    counted = c.visit_collection(collections.Counter("a"), next_one, return_data=True)
    assert counted == collections.Counter({"a": 2})
    ordered = collections.OrderedDict(a=1)
    assert c.visit_collection(ordered, next_one, return_data=True) == collections.OrderedDict(a=2)
    assert (lists, ordered) == ({"a": 1}, {"a": 1})


class Pair(NamedTuple):
    left: int
    right: int


@dataclasses.dataclass
class Box:
    content: object


def test_visiting_goes_into_all_that_holds_something() -> None:
    def tenfold(value: object) -> object:
        return value * 10 if isinstance(value, int) else value

    given_value = [1, (2,), {"k": 3}, Pair(4, 5), Box([6])]
    visited = c.visit_collection(given_value, tenfold, return_data=True)
    assert visited == [10, (20,), {"k": 30}, Pair(40, 50), Box([60])]
    assert c.visit_collection(given_value, tenfold) is None
    assert c.visit_collection([[1]], tenfold, return_data=True, max_depth=1) == [[1]]


def test_the_rest_of_collections() -> None:
    class Colour(c.AutoEnum):
        RED = c.AutoEnum.auto()

    assert (Colour.RED.value, repr(Colour.RED)) == ("RED", "Colour.RED")
    assert list(c.batched_iterable(range(5), 2)) == [(0, 1), (2, 3), (4,)]
    assert c.remove_nested_keys(["k"], {"k": 1, "z": {"k": 2, "q": 3}}) == {"z": {"q": 3}}
    assert c.extract_instances([1, "a", 2], int) == [1, 2]
    assert c.extract_instances([1, "a"], (int, str)) == {int: [1], str: ["a"]}
    assert c.ensure_iterable(3) == [3]
    assert c.isiterable([])
    assert not c.isiterable("text")
    assert c.listrepr(["a", 1], sep=", ") == "'a', 1"


def test_hashes(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("ab")
    assert stable_hash("a", b"b") == stable_hash("ab") == file_hash(file)
    assert hash_objects({"a": 1, "b": 2}) == hash_objects({"b": 2, "a": 1}) != hash_objects(1)
    generator = (number for number in range(3))
    assert hash_objects(generator) is None
    with pytest.raises(HashError, match="cannot be hashed"):
        hash_objects(generator, raise_on_failure=True)
    assert hash_objects("a", b=2) == "289d7141b37e0b0c5dde4a8af5dab5a1"  # as in programs before


def test_names() -> None:
    assert len(generate_slug(3).split("-")) == 3
    assert obfuscate("secret") == "********"
    assert obfuscate("a longer secret", show_tail=True) == "****cret"
    assert obfuscate("abcdefghijk", show_tail=True) == "*******k"  # ten are never shown


def test_arguments_by_name_and_back() -> None:
    def call(a: int, b: int = 2, *rest: int, c: int = 3) -> object:
        return a, b, rest, c

    given = get_call_parameters(call, (1,), {"c": 5})
    assert given == {"a": 1, "b": 2, "rest": (), "c": 5}
    assert get_call_parameters(call, (1,), {}, apply_defaults=False) == {"a": 1}
    assert get_parameter_defaults(call) == {"b": 2, "c": 3}
    assert parameters_to_args_kwargs(call, {"c": 4, "b": 2, "a": 1}) == ((1, 2), {"c": 4})
    assert call_with_parameters(call, {"a": 1, "b": 7, "rest": (8, 9)}) == (1, 7, (8, 9), 3)
    assert parameter_schema(lambda a, b=2: None).required == ["a"]
    with pytest.raises(ParameterBindError, match="missing a required argument"):
        get_call_parameters(call, (), {})
    with pytest.raises(SignatureMismatchError, match="unknown"):
        parameters_to_args_kwargs(call, {"unknown": 1})


def test_visiting_for_its_effects_alone() -> None:
    seen: list[object] = []
    c.visit_collection({"k": [1, {"z": (2,)}]}, lambda value: seen.append(type(value).__name__))
    assert seen == ["dict", "str", "list", "int", "dict", "str", "tuple", "int"]

    def up_to_dicts(value: object) -> None:
        if isinstance(value, dict):
            raise c.StopVisiting
        seen.append(value)

    seen.clear()
    c.visit_collection([1, {"a": 2}, (3,)], up_to_dicts)
    assert seen == [[1, {"a": 2}, (3,)], 1, (3,), 3]


def test_visiting_marks_and_models() -> None:
    class Model(pydantic.BaseModel):
        a: int
        b: list[int]

    def double(value: object) -> object:
        return value * 2 if isinstance(value, int) else value

    given = [quote([1]), Model(a=1, b=[2]), opaque(3), "text"]
    doubled = c.visit_collection(given, double, return_data=True)
    assert doubled == [quote([2]), Model(a=2, b=[4]), opaque(6), "text"]
    bare = c.visit_collection(given[:1], double, return_data=True, remove_annotations=True)
    assert bare == [[2]]
    assert c.visit_collection(given, lambda value: value, return_data=True) is given

    marks: list[tuple[object, str]] = []

    def note(value: object, context: dict[str, object]) -> object:
        if isinstance(value, int):
            marks.append((value, type(context.get("annotation")).__name__))
        return value

    c.visit_collection([1, unmapped([2, quote(3)])], note, context={})
    assert marks == [(1, "NoneType"), (2, "unmapped"), (3, "quote")]


def test_visiting_what_holds_itself() -> None:
    loop: list[object] = [1]
    loop.append(loop)
    assert c.visit_collection(loop, lambda value: value, return_data=True) is loop
