from headrace import flow, task


@task
def typed(n: int) -> str:
    return repr(n)


@flow
def main():
    print(typed("not an int"), typed(None))


main()
