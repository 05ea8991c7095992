# differs: an option of a wrong kind is refused at the decorator, a cache policy included
from headrace import task

for options in (
    {"retries": 1, "retry_delay_seconds": list(range(51))},
    {"retry_jitter_factor": -1},
    {"cache_policy": "nope"},
):
    try:
        task(**options)(lambda: None)
    except Exception as exc:
        print(type(exc).__name__, exc)
    else:
        print("accepted", sorted(options))
