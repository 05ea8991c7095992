from headrace.utilities.collections import batched_iterable, dict_to_flatdict, flatdict_to_dict, isiterable, listrepr, remove_nested_keys

print(list(batched_iterable([1, 2, 3], 2)))
flat = dict_to_flatdict({"a": {"b": 1, "c": {"d": 2}}})
print(flat, flatdict_to_dict(flat))
print(listrepr(["a", "b"], sep="; "))
print(remove_nested_keys(["x"], {"x": 1, "y": {"x": 2, "z": 3}}))
print(isiterable([1]), isiterable("a"), isiterable(b"a"), isiterable({}))
