from headrace import flow, task


@task
def inner():
    print("inner")


@task(log_prints=True)
def logged():
    print("logged")


@flow
def child():
    print("child")
    inner()


@flow(log_prints=True)
def parent():
    print("parent")
    child()
    logged()


@flow
def plain():
    logged()
    inner()
    child()


parent()
plain()
