from headrace import flow, task


@task
def collect(n, into=[]):
    into.append(n)
    return list(into)


@flow
def keep(n, into: list = []):
    into.append(n)
    return list(into)


@flow
def main():
    print(collect(1), collect(2), collect(3, into=[0]))
    mine = []
    collect(1, mine)
    print(mine)


main()
print(keep(1), keep(2))
