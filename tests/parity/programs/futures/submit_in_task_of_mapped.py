from headrace import flow, task


@task
def leaf(n):
    return n + 1


@task
def branch(n):
    return sum(f.result() for f in leaf.map([n, n + 1]))


@flow
def main():
    print(branch.map([1, 10]).result())


main()
