from headrace import flow, task


@task
def collect(first, *rest, key="k", **more):
    return first, rest, key, more


@flow
def main():
    print(collect(1))
    print(collect(1, 2, 3, key="z", extra=True))
    print(collect.submit(1, 2, q=5).result())


main()
