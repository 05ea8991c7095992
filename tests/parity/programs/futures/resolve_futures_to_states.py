from headrace import flow, task
from headrace.futures import resolve_futures_to_states


@task
def inc(x):
    return x + 1


@flow
def main():
    future = inc.submit(1)
    resolved = resolve_futures_to_states({"a": [future], "b": 2})
    print(resolved["a"][0].name, resolved["b"])


main()
