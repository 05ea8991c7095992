from headrace import flow, task


@task
def work(n):
    if n > 1:
        raise ValueError(n)
    return n


@flow
def main():
    a = work.submit(1)
    b = work.submit(2)
    return a, b, work.submit(3)


state = main(return_state=True)
print(state.message, state.is_failed())
