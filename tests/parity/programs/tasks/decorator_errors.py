# differs: an option of a wrong kind is refused at the decorator, a cache policy included
from headrace import flow, task

for make in (
    lambda: task(5),
    lambda: task("name"),
    lambda: task(retry_delay_seconds=[1] * 60)(lambda: 1),
    lambda: task(retry_jitter_factor=-1)(lambda: 1),
    lambda: task(task_run_name=3)(lambda: 1),
    lambda: task(on_failure=5)(lambda: 1),
    lambda: task(on_failure=["x"])(lambda: 1),
    lambda: task(retry_condition_fn=3)(lambda: 1),
    lambda: task(cache_policy="x")(lambda: 1),
    lambda: task(unknown=1)(lambda: 1),
    lambda: task(result_storage_key="k", persist_result=False)(lambda: 1),
    lambda: task(cache_key_fn=lambda c, p: "k", persist_result=False)(lambda: 1),
):
    try:
        made = make()
        print("made", type(made).__name__)
    except Exception as error:
        print(isinstance(error, (TypeError, ValueError)), type(error).__name__ in ("TypeError", "ValueError") or "ours")
