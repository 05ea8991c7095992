from headrace import allow_failure, flow, task


@task
def bad():
    raise ValueError("broken")


@task
def cleanup():
    return "cleaned"


@flow
def main():
    future = bad.submit()
    print(cleanup.submit(wait_for=[allow_failure(future)]).result())
    return 1


main()
