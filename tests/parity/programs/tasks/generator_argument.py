# differs: arguments arrive as they were given
from headrace import flow, task


@task
def total(xs):
    return sum(xs)


@flow
def main():
    print(total(x for x in (1, 2, 3)))
    print(total(iter([4, 5])))


main()
