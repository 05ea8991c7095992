from headrace import task
from headrace.cache_policies import INPUTS, NO_CACHE

for options in ({}, {"cache_key_fn": lambda c, p: "k"}, {"cache_policy": INPUTS}, {"result_storage_key": "a"}, {"result_serializer": "json"}, {"cache_policy": NO_CACHE}, {"result_storage_key": "a", "cache_policy": None}):
    made = task(**options)(lambda: 1)
    print(sorted(options), made.persist_result, type(made.cache_policy).__name__)
