from headrace import flow, task


@task
def leaf(n):
    return n + 1


@task
def branch(n):
    futures = [leaf.submit(i) for i in range(n)]
    return sum(f.result() for f in futures)


@task
def tree(n):
    return sum(branch.map(range(n)).result())


@flow
def main():
    print(tree(3))
    print(tree.submit(3).result())


main()
