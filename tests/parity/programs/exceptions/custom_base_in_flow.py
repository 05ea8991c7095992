from headrace import flow, task


class Signal(BaseException):
    pass


@task
def work():
    raise Signal("task")


@flow
def child():
    raise Signal("flow")


@flow
def main():
    for call in (work, child):
        try:
            call()
        except Signal as error:
            print("caught", error)
    return "done"


print(main())
