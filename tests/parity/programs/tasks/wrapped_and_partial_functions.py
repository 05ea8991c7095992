import functools

from headrace import flow, task


def power(base, exponent):
    return base**exponent


square = task(functools.partial(power, exponent=2), name="square")


def counted(fn):
    @functools.wraps(fn)
    def inner(*args, **kwargs):
        inner.calls += 1
        return fn(*args, **kwargs)

    inner.calls = 0
    return inner


@task
@counted
def double(n: int, *, plus: int = 0) -> int:
    return n * 2 + plus


@flow
def main():
    return square(3), double(2), double.submit(2, plus=1).result(), double.fn.calls


print(main())
