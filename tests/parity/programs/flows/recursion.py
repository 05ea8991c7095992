from headrace import flow


@flow
def countdown(n: int):
    print(n)
    if n:
        countdown(n - 1)


countdown(2)
