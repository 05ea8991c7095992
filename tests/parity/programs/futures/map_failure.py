from headrace import flow, task


@task
def check(n):
    if n == 2:
        raise ValueError("two!")
    return n


@flow
def main():
    futures = check.map([1, 2, 3])
    print(futures.result(raise_on_failure=False)[0])
    try:
        futures.result()
    except ValueError as exc:
        print("raised", exc)
    futures.wait()
    print([f.state.name for f in futures])
    return "done"


main()
