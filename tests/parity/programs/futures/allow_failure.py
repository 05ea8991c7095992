from headrace import allow_failure, flow, task


@task
def bad():
    raise ValueError("broken")


@task
def report(x):
    return f"{type(x).__name__}: {x}"


@flow
def main():
    future = bad.submit()
    print(report.submit(allow_failure(future)).result())
    print(report.submit(allow_failure(3)).result())
    return 1


main()
