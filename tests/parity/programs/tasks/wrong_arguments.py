from headrace import flow, task


@task
def two(a, b):
    return a + b


@flow
def main():
    for call in (lambda: two(1), lambda: two(1, 2, 3), lambda: two(1, c=3), lambda: two.submit(1)):
        try:
            call()
        except Exception as exc:
            print(type(exc).__name__, exc)


main()
