from headrace import flow


@flow
def main(first, /, second, *rest, flag=False, **named):
    return first, second, rest, flag, sorted(named.items())


try:
    print(main(1, 2, 3, 4, flag=True, extra=5))
except Exception as error:
    print(type(error).__name__, error)
try:
    print(main(1, second=2))
except Exception as error:
    print(type(error).__name__, error)


@flow
def only(*values: int, **words: str):
    return values, words


try:
    print(only(1, 2, a="b"))
except Exception as error:
    print(type(error).__name__, error)
