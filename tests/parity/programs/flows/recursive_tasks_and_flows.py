from headrace import flow, task


@task
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


@flow
def countdown(n):
    return [n] + (countdown(n - 1) if n else [])


@flow
def main():
    return fib(6), countdown(3)


print(main())
