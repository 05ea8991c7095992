from headrace import flow, task


@task
def n(x):
    return x


@task
def show(value):
    return repr(value)


@flow
def main():
    print(show((n.submit(1), n.submit(2))))
    print(show({"k": (n.submit(3), [n.submit(4)])}))
    print(show({n.submit(5)}))


main()
