from dataclasses import dataclass

from headrace import flow, task


@dataclass
class Box:
    left: object
    right: object


@task
def make(n):
    return n


@task
def show(box):
    return (box.left, box.right)


@flow
def main():
    print(show.submit(Box(make.submit(1), [make.submit(2)])).result())


main()
