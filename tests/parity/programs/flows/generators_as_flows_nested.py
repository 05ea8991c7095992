from headrace import flow, task


@task
def square(n):
    return n * n


@flow
def numbers(n):
    for i in range(n):
        yield square(i)


@flow
def main():
    total = 0
    for value in numbers(4):
        total += value
    first = next(iter(numbers(3)))
    return total, first, list(numbers(2))


print(main())
print(list(numbers(3)))
