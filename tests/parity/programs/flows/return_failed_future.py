from headrace import flow, task


@task
def bad():
    raise ValueError("task broke")


@flow
def main():
    return bad.submit()


state = main(return_state=True)
print(state.type.value, state.name)
print(state.message)
try:
    print(main())
except ValueError as exc:
    print("raised", exc)
