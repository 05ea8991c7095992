from headrace.utilities.collections import AutoEnum, batched_iterable, deep_merge, dict_to_flatdict, flatdict_to_dict, get_from_dict, listrepr, remove_nested_keys, visit_collection


class Colour(AutoEnum):
    RED = AutoEnum.auto()
    BLUE = AutoEnum.auto()


print([c.value for c in Colour], repr(Colour.RED))
print(dict_to_flatdict({"a": {"b": 1}, "c": 2}), flatdict_to_dict({("a", "b"): 1}))
print(list(batched_iterable(range(5), 2)))
print(deep_merge({"a": {"x": 1}}, {"a": {"y": 2}}), get_from_dict({"a": [{"b": 5}]}, "a[0].b"))
print(remove_nested_keys(["k"], {"k": 1, "z": {"k": 2, "q": 3}}))
print(visit_collection([1, {"a": 2}], visit_fn=lambda x: x * 10 if isinstance(x, int) else x, return_data=True))
