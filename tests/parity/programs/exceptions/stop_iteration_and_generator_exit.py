from headrace import flow, task


@task
def stops():
    raise StopIteration("value")


@task
def ends():
    raise GeneratorExit


@flow
def main():
    for work in (stops, ends):
        try:
            work()
        except BaseException as error:
            print(type(error).__name__)
    return "over"


print(main())
