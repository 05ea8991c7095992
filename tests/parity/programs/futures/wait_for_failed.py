from headrace import flow, task


@task
def bad():
    raise ValueError("no")


@task
def later():
    return "ran"


@flow
def main():
    future = bad.submit()
    state = later.submit(wait_for=[future], return_state=True)
    print(state.name, state.type.value)


state = main(return_state=True)
print(state.type.value)
