from headrace.cache_policies import INPUTS, NO_CACHE, _None

one = INPUTS.compute_key(None, {"a": 1}, {})
print(one == INPUTS.compute_key(None, {"a": 1}, {}), one == INPUTS.compute_key(None, {"a": 2}, {}))
print((INPUTS - "b").compute_key(None, {"a": 1, "b": 2}, {}) == (INPUTS - "b").compute_key(None, {"a": 1, "b": 3}, {}))
print(NO_CACHE.compute_key(None, {"a": 1}, {}), isinstance(NO_CACHE, _None))
print(INPUTS.compute_key(None, {}, {}))
try:
    INPUTS.compute_key(None, {"a": open("/dev/null")}, {})
except ValueError as exc:
    print("ValueError", str(exc).splitlines()[0].split("'")[0])
