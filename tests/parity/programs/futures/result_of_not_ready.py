from headrace import flow, task


@task
def a():
    raise ValueError("a failed")


@task
def b(x):
    return x


@flow
def main():
    future = b.submit(a.submit())
    try:
        future.result()
    except Exception as exc:
        print(type(exc).__name__, exc)
    return 0


main()
