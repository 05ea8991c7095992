from headrace import flow, task


@task
def numbers():
    yield 1
    yield 2


@task
def total(xs):
    return sum(xs)


@flow
def main():
    print(total(list(numbers())))
    print([x for x in numbers() if x > 1])


main()
