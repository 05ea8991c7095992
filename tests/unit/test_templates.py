"""Places in texts are looked up; nothing is evaluated."""

from __future__ import annotations

from typing import Any

import pytest

from headrace_service.templates import filled, wrong_place

KNOWN = {
    "event": {
        "id": "4711",
        "resource": {"headrace.resource.id": "order.1", "name": "first"},
        "payload": {"items": [{"sku": "a"}], "total": 2.5, "note": "{{ event.id }}"},
    }
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("{{ event.id }}", "4711"),
        ("{{event.id}} of {{ event.resource.name }}", "4711 of first"),
        ("{{ event.resource['headrace.resource.id'] }}", "order.1"),
        ("{{ event.payload.items[0].sku }}", "a"),
        ("{{ event.payload.items.0.sku }}", "a"),
        ("{{ event.payload.total }}", "2.5"),
        ("{{ event.payload.items | tojson }}", '[{"sku":"a"}]'),
        ("{{ event.nothing.at.all }}", ""),
        ("{{ event.payload.note }}", "{{ event.id }}"),  # what is filled in is not filled again
        ({"a": ["{{ event.id }}", 1, None]}, {"a": ["4711", 1, None]}),
        ({"__headrace_kind": "jinja", "template": "{{ event.id }}"}, "4711"),
        (
            {"__headrace_kind": "json", "value": "{{ event.payload | tojson }}"},
            KNOWN["event"]["payload"],
        ),
    ],
)
def test_what_is_filled_in(value: Any, expected: Any) -> None:
    assert wrong_place(value) is None
    assert filled(value, KNOWN) == expected


@pytest.mark.parametrize(
    "value",
    ["{{ 1 + 1 }}", "{{ event.id() }}", "{{ event | upper }}", "{% if x %}", ["a", {"b": "{{ }}"}]],
)
def test_what_is_no_path_is_found_before_it_is_kept(value: Any) -> None:
    assert wrong_place(value) is not None


def test_what_is_to_be_json_and_is_none() -> None:
    with pytest.raises(ValueError, match="JSON"):
        filled({"__headrace_kind": "json", "value": "no {{ event.id }}"}, KNOWN)
