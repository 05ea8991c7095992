import functools

from headrace import flow, task


def twice(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        return fn(*args, **kwargs) * 2

    return wrapper


@task
@twice
def add(a, b):
    return a + b


@flow
def main():
    print(add(1, 2), add.name)


main()
