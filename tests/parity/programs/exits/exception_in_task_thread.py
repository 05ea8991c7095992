from headrace import flow, task


@task
def bad():
    raise LookupError("in a thread")


@flow
def main():
    future = bad.submit()
    print("submitted")
    future.result()
    print("unreachable")


main()
