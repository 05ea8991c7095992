from headrace import task
from headrace.cache_policies import INPUTS

for options in (
    {"cache_policy": INPUTS, "cache_key_fn": lambda c, p: "k"},
    {"cache_policy": INPUTS, "persist_result": False},
    {"result_storage_key": "k", "persist_result": False},
):
    try:
        made = task(**options)(lambda: 1)
        print(type(made.cache_policy).__name__, made.persist_result)
    except Exception as exc:
        print(type(exc).__name__, exc)
