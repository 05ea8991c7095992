from headrace import flow, task


@task
def f(a, b=2, *, c=3):
    return a, b, c


@flow
def main():
    print(f.map([1, 2]).result())
    print(f.map([1, 2], c=[7, 8]).result())
    print(f.map(a=[1], b=5, c=6).result())


main()
