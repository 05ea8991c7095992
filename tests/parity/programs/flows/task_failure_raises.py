from headrace import flow, task


@task
def bad():
    raise ValueError("task broke")


@flow
def main():
    bad()
    print("unreachable")


state = main(return_state=True)
print(state.name, "|", state.message)
try:
    main()
except ValueError as exc:
    print(type(exc).__name__, exc)
