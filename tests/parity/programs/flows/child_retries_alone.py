from headrace import flow, task
from headrace.runtime import flow_run

calls = {"child": 0, "main": 0}


@flow(retries=2)
def child():
    calls["child"] += 1
    if calls["child"] < 3:
        raise ValueError("child")
    return flow_run.run_count


@flow(retries=1)
def main():
    calls["main"] += 1
    value = child()
    if calls["main"] == 1:
        raise ValueError("main")
    return value


print(main(), calls)
