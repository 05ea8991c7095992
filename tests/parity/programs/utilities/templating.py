import os

from headrace.utilities.annotations import NotSet
from headrace.utilities.templating import PlaceholderType, apply_values, find_placeholders

os.environ["CITY"] = "Lisbon"
values = {"a": 1, "b": {"c": [1, 2]}, "name": "etl", "none": None}
for template in (
    "{{ a }}",
    "x {{ a }} {{a}} {{ missing }}!",
    "{{ b.c }}",
    "{{ missing }}",
    "{{ $CITY }}",
    "in {{ $CITY }} {{ $NOWHERE }}",
    "{{ none }}",
    "plain",
    3,
    None,
    True,
    ["{{ a }}", "{{ missing }}", {"k": "{{ name }}"}],
    {"k": "{{ missing }}", "l": ["{{ name }}-{{ a }}"], "m": 1},
    "{{ headrace.variables.x }} {{ a }}",
):
    for remove in (True, False):
        result = apply_values(template, values, remove_notset=remove)
        print(repr(template), "NotSet" if result is NotSet else repr(result))
print(apply_values({"x": "{{ a }} {{ b.c }}"}, values, skip_prefixes=["b."]))
found = find_placeholders({"x": ["{{ a }} {{ $B }}"], "y": "{{ headrace.blocks.secret.x }}"})
print(sorted((each.full_match, each.name, each.type.value) for each in found))
print(find_placeholders(3), PlaceholderType("standard"))
for bad in (lambda: find_placeholders({1}), lambda: apply_values(object(), {})):
    try:
        bad()
    except ValueError as error:
        print(error)
