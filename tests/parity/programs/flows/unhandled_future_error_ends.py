from headrace import flow, task


@task
def bad():
    raise ValueError("nobody asks")


@task
def good():
    return 1


@flow
def main():
    bad.submit()
    return good.submit().result()


@flow
def asks():
    return [bad.submit(), good.submit()]


print(main())
state = asks(return_state=True)
print(state.name, state.message)
