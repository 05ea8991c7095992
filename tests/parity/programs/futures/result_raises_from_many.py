from headrace import flow, task
from headrace.futures import wait


@task
def maybe(n):
    if n % 2:
        raise ValueError(f"odd {n}")
    return n


@flow
def main():
    futures = [maybe.submit(n) for n in range(4)]
    done, not_done = wait(futures)
    print(len(done), len(not_done))
    for future in futures:
        try:
            print(future.result())
        except ValueError as error:
            print("error", error)
    print([str(f.result(raise_on_failure=False)) for f in futures])
    print([f.state.is_failed() for f in futures])
    return "fine"


print(main())
