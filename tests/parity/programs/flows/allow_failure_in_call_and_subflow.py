from headrace import allow_failure, flow, task


@task
def bad():
    raise ValueError("bad")


@task
def see(value, more=None):
    return type(value).__name__, type(more).__name__


@flow
def child(value):
    return type(value).__name__


@flow
def main():
    future = bad.submit()
    print(see(allow_failure(future)))
    print(see.submit(allow_failure(future), more=allow_failure(future)).result())
    print(see.map(allow_failure([future]) if False else [1], more=allow_failure(future)).result() if False else "")
    print(child(allow_failure(future)))
    state = see(future, return_state=True) if False else see.submit(future, return_state=True)
    print(state.name)


main(return_state=True)
