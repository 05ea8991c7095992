from headrace import flow, task


@task
def bad():
    raise ValueError("root")


@task
def after(x):
    print("never printed")
    return x


@flow
def main():
    state = after.submit(bad.submit(), return_state=True)
    print(state.type.value, state.name)
    print(state.is_pending(), state.is_final())


main()
