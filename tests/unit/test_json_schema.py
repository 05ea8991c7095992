"""Whether values fit a JSON Schema, and what is said when they do not."""

from __future__ import annotations

from typing import Any

import pytest

from headrace_service.json_schema import LONGEST_MESSAGE, MOST_PROBLEMS, problems

POINT = {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}


@pytest.mark.parametrize(
    ("schema", "value", "wrong"),
    [
        ({"type": "integer"}, 1, None),
        ({"type": "integer"}, 1.0, None),
        ({"type": "integer"}, "1", None),  # the flow converts it
        ({"type": "number"}, "1e3", None),
        ({"type": "integer"}, "many", "p: 'many' is not of type 'integer'"),
        ({"type": "boolean"}, "Yes", None),
        ({"type": "boolean"}, "perhaps", "p: 'perhaps' is not of type 'boolean'"),
        ({"type": "integer"}, True, "p: True is not of type 'integer'"),
        ({"type": "integer"}, [1], "p: [1] is not of type 'integer'"),
        ({"type": "integer", "minimum": 2}, 1, "p: 1 is less than the minimum of 2"),
        ({"type": "string"}, None, "p: None is not of type 'string'"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, None, None),
        ({"enum": ["a", "b"]}, "c", "p: 'c' is not one of ['a', 'b']"),
        ({"type": "array", "items": {"type": "string"}}, ["a", 1], "p[1]: 1 is not of type"),
        ({"$ref": "#/definitions/Point"}, {"x": 1}, None),
        ({"$ref": "#/definitions/Point"}, {}, "p: 'x' is a required property"),
        ({"allOf": [{"$ref": "#/definitions/Point"}]}, {"x": []}, "p.x: [] is not of type"),
        ({"type": "string", "pattern": "(a+)+$"}, "a" * 100 + "b", None),
        ({"$ref": "http://127.0.0.1:1/schema.json"}, 1, None),  # nothing is fetched
        ({"type": "of another world"}, 1, None),
        ({"format": "of another world"}, object(), None),
    ],
)
def test_values(schema: dict[str, Any], value: object, wrong: str | None) -> None:
    whole = {"properties": {"p": schema}, "definitions": {"Point": POINT}}
    found = [f"{path}: {what}" for path, what in problems(whole, {"p": value})]
    if wrong is None:
        assert found == []
    else:
        assert len(found) == 1
        assert found[0].startswith(wrong)


def test_text_need_not_count_as_a_number() -> None:
    assert problems({"type": "integer"}, "1") == []
    wrong = [("", "'1' is not of type 'integer'")]
    assert problems({"type": "integer"}, "1", text_tells=False) == wrong


def test_names() -> None:
    schema = {"properties": {"a": {}}, "required": ["a"], "additionalProperties": False}
    assert problems(schema, {}) == [("", "'a' is a required property")]
    assert problems(schema, {"a": 1, "c": 1}) == [("", "there is no 'c'; it has a")]


def doubling(levels: int, innermost: str) -> dict[str, Any]:
    """A schema of which each level is checked twice for each time that the one above it is."""
    parts: dict[str, Any] = {
        str(level): {"allOf": [{"$ref": f"#/$defs/{level + 1}"}] * 2} for level in range(levels)
    }
    return {"$ref": "#/$defs/0", "$defs": {**parts, str(levels): {"type": innermost}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
        doubling(60, "object"),
        {"anyOf": 5, "items": "all"},
    ],
)
def test_a_schema_without_end_refuses_nobody(schema: dict[str, Any]) -> None:
    assert problems(schema, {"a": 1}) == []


def test_a_schema_that_is_followed_to_its_end_is_enforced() -> None:
    wrong = ("", "None is not of type 'object'")
    assert problems(doubling(3, "object"), None) == [wrong] * 8


def test_few_problems_are_told_and_in_few_words() -> None:
    schema = {"items": {"type": "string"}}
    assert len(problems(schema, list(range(1000)))) == MOST_PROBLEMS
    ((_, message),) = problems({"type": "integer"}, ["x" * 100_000])
    assert len(message) == LONGEST_MESSAGE
