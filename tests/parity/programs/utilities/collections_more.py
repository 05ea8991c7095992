from enum import auto

from headrace.utilities.collections import AutoEnum, deep_merge, deep_merge_dicts, distinct, extract_instances, get_from_dict, set_in_dict, visit_collection


class Kind(AutoEnum):
    ONE = auto()
    TWO = auto()


print(Kind.ONE.value, Kind.TWO == "TWO", Kind.ONE)
print(deep_merge({"a": {"b": 1}}, {"a": {"c": 2}}), deep_merge_dicts({"a": 1}, {"b": 2}, {"a": 3}))
print(list(distinct([1, 2, 1, 3])), extract_instances([1, "a", 2.0, "b"], str))
print(get_from_dict({"a": {"b": [1, {"c": 5}]}}, "a.b[1].c"), get_from_dict({}, "x", default=0))
target = {}
set_in_dict(target, "a.b", 1)
print(target)
seen = []
print(visit_collection({"a": [1, (2, {3})]}, visit_fn=lambda x: (seen.append(x) if isinstance(x, int) else None) or x, return_data=True), sorted(seen))
