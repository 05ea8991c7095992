from headrace import flow, task


@task
def half(n):
    if n % 2:
        raise ValueError(f"{n} is odd")
    return n // 2


@flow
def main():
    states = half.map([2, 3, 4], return_state=True)
    for state in states:
        print(state.type.value, state.message)
    print([s.result() for s in states if s.is_completed()])
    one = half.submit(8, return_state=True)
    print(one.result())
    return "fine"


main()
