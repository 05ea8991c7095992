from collections import OrderedDict, namedtuple
from dataclasses import dataclass

from headrace import flow, task

Pair = namedtuple("Pair", "left right")


@dataclass
class Holder:
    value: object


@task
def one(n):
    return n


@task
def show(value):
    return repr(value)


@task
def items(value):
    return type(value).__name__, list(value.items())


@flow
def main():
    print(show(Pair(one.submit(1), one.submit(2))))
    print(items(OrderedDict(a=one.submit(3))))
    print(show(Holder(one.submit(4))))
    print(show({"deep": [{"er": (one.submit(5), 6)}]}))
    print(show({one.submit(7).result(): "key"}))


main()
