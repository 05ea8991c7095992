from headrace import flow, task
from headrace.task_runners import ProcessPoolTaskRunner


class Detailed(Exception):
    def __init__(self, message, code=None):
        super().__init__(message)
        self.code = code


class Awkward(Exception):
    def __init__(self, a, b):
        super().__init__(f"{a}/{b}")


@task
def work(kind):
    if kind == "detailed":
        raise Detailed("d", code=7)
    if kind == "chained":
        try:
            1 / 0
        except ZeroDivisionError as error:
            raise Detailed("chained") from error
    raise Awkward(1, 2)


@flow(task_runner=ProcessPoolTaskRunner(max_workers=1))
def main():
    first = work.submit("detailed")
    first.wait()
    error = first.result(raise_on_failure=False)
    print(type(error).__name__, error, error.code)
    second = work.submit("chained", return_state=True)
    print(second.name, second.message)


if __name__ == "__main__":
    main()
