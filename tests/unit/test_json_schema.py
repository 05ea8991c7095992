"""Whether parameters fit a JSON Schema, and what is said when they do not."""

from __future__ import annotations

from typing import Any

import pytest

from headrace_service.json_schema import problems

POINT = {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}


@pytest.mark.parametrize(
    ("schema", "value", "wrong"),
    [
        ({"type": "integer"}, 1, None),
        ({"type": "integer"}, 1.0, None),
        ({"type": "integer"}, "1", None),  # the flow converts it
        ({"type": "integer"}, True, "p should be of type integer, not True"),
        ({"type": "integer"}, [1], "p should be of type integer, not [1]"),
        ({"type": "integer", "minimum": 2}, 1, "p should be at least 2, not 1"),
        ({"type": "number", "exclusiveMaximum": 2}, 2, "p should be less than 2, not 2"),
        ({"type": "string"}, None, "p should be of type string, not None"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, None, None),
        ({"anyOf": [{"type": "null"}, {"type": "array"}]}, {}, "p fits none"),
        ({"enum": ["a", "b"]}, "c", "p should be one of 'a', 'b', not 'c'"),
        ({"const": 1}, 2, "p should be 1, not 2"),
        ({"type": "array", "items": {"type": "string"}}, ["a", 1], "p[1] should be of type"),
        ({"$ref": "#/definitions/Point"}, {"x": 1}, None),
        ({"$ref": "#/definitions/Point"}, {}, "p.x is required"),
        ({"allOf": [{"$ref": "#/definitions/Point"}]}, {"x": []}, "p.x should be of type number"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, {"k": 1}, "p.k should"),
        ({"format": "of another world"}, object(), None),
    ],
)
def test_values(schema: dict[str, Any], value: object, wrong: str | None) -> None:
    whole = {"properties": {"p": schema}, "definitions": {"Point": POINT}}
    found = [f"{path} {what}" for path, what in problems(whole, {"p": value})]
    if wrong is None:
        assert found == []
    else:
        assert len(found) == 1
        assert found[0].startswith(wrong)


def test_names() -> None:
    schema = {"properties": {"a": {}, "b": {}}, "required": ["a"]}
    assert problems(schema, {"b": 1}) == [("a", "is required")]
    assert problems(schema, {"a": 1, "c": 1}) == [
        ("c", "is no parameter of the flow, which has: a, b")
    ]
    assert problems({**schema, "additionalProperties": True}, {"a": 1, "c": 1}) == []
