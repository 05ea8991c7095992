from headrace import flow, task


@task
def leaves():
    raise SystemExit(5)


@flow
def main():
    future = leaves.submit()
    future.wait()
    print(future.state.type.value, future.state.name)
    return "ok"


print(main())
