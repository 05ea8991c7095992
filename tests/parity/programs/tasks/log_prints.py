from headrace import flow, task


@task(log_prints=True)
def logged():
    print("goes to the log")
    return 1


@task
def printed():
    print("goes to stdout")


@task(log_prints=False)
def off():
    print("printed too")


@flow
def main():
    logged()
    printed()


@flow(log_prints=True)
def logging_flow():
    print("in the log")
    printed()
    off()


main()
logging_flow()
