from headrace import flow, task


@task
def inc(n):
    return n + 1


@flow
def main():
    return sum(inc.map(range(60)).result())


print(main())
