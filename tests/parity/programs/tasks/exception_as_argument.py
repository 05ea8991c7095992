from headrace import flow, task


@task
def describe(error):
    return f"{type(error).__name__}({error})"


@task
def fail():
    raise LookupError("lost")


@flow
def main():
    print(describe(ValueError("plain")))
    state = fail(return_state=True)
    print(describe(state.result(raise_on_failure=False)))
    print(describe([KeyError("k")][0]))


main()
