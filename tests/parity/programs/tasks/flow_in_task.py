from headrace import flow, task


@flow
def sub(x):
    return x + 1


@task
def call_flow(x):
    return sub(x)


@flow
def main():
    print(call_flow(3))


main()
