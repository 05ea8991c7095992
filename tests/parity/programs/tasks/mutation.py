from headrace import flow, task


@task
def add(items):
    items.append(4)
    return items


@flow
def main():
    mine = [1]
    result = add(mine)
    print(mine, result, result is mine)


main()
