from headrace import flow, task, unmapped


@task
def make(*, a, b=1, **rest):
    return a, b, sorted(rest.items())


@flow
def main():
    print(make.map(a=[1, 2], b=unmapped(5), extra=["x", "y"]).result())
    print(make.map(a="ab", b=3).result())
    print(make.map(a=[1], other=unmapped([1, 2])).result())
    print(make.map(a=(n for n in range(2))).result() if False else make.map(a=range(2)).result())


main()
