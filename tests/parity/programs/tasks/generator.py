from headrace import flow, task


@task
def numbers(n):
    for i in range(n):
        yield i
    return "end"


@flow
def main():
    for number in numbers(3):
        print("got", number)
    print(list(numbers(4)))
    print(type(numbers(1)).__name__)


main()
