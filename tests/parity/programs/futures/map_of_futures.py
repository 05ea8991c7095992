from headrace import flow, task


@task
def make():
    return [1, 2, 3]


@task
def inc(x):
    return x + 1


@flow
def main():
    print(inc.map(make.submit()).result())
    first = inc.map([1, 2])
    print(inc.map(first).result())
    print(inc.map([make.submit().result()[0], 5]).result())


main()
