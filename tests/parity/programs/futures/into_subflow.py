from headrace import flow, task


@task
def number(n):
    return n


@flow
def child(a, b, c=None):
    return type(a).__name__, a, b, c


@flow
def main():
    one, two = number.submit(1), number.submit(2)
    print(child(one, [one, two], c={"x": two, "y": (one, 5)}))
    state = child(number(3, return_state=True), 0, return_state=True)
    print(state.result())
    print(child(number.map([1, 2, 3]), None)[1:])


main()
