from headrace import flow, task


@task
def work(n):
    if n == 2:
        raise ValueError("two")
    return n


@flow
def main():
    return [work(n, return_state=True) for n in (1, 2, 3)]


state = main(return_state=True)
print(state.type.value, state.name)
print(state.message)
