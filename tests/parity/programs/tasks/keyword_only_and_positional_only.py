from headrace import flow, task


@task
def f(a, /, b, *, c):
    return a, b, c


@flow
def main():
    print(f(1, 2, c=3), f(1, b=5, c=6))
    print(f.submit(1, 2, c=3).result())


main()
