from headrace import flow, task


@task
def make(n):
    return n


@task
def total(items, extra):
    return sum(items) + sum(extra.values())


@flow
def main():
    futures = [make.submit(i) for i in (1, 2, 3)]
    print(total(futures, {"a": make.submit(10), "b": 20}))
    print(total.submit([futures[0], 5], {"x": futures[1]}).result())
    print(total((futures[2], 1), {}))


main()
