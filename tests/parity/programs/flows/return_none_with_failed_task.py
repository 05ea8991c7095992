from headrace import flow, task


@task
def bad():
    raise ValueError("task broke")


@task
def good():
    return 1


@flow
def main():
    bad.submit().wait()
    good.submit().wait()


state = main(return_state=True)
print(state.type.value, state.message)
print(main())
