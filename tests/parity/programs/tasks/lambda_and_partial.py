import functools

from headrace import flow, task


def power(base, exponent):
    return base**exponent


square = task(functools.partial(power, exponent=2), name="square")
increment = task(lambda x: x + 1, name="increment")


class Callable:
    def __call__(self, x):
        return x * 100


called = task(Callable(), name="callable")


@flow
def main():
    print(increment(1), square(4), called(2))


main()
print(increment.name, square.name)
